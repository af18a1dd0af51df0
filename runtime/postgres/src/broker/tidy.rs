//! Removes templates that nobody uses.
//!
//! The comment on a template is the date of its last use. No template goes that a host uses at the
//! moment: each host holds a lock on each template that it uses.

use isolated_test_postgres_wire::{Connection, Failure, Row, literal, name};

use super::databases::{drop_one, for_each, no_template};
use super::locks::TEMPLATES;

/// How many days a template stays that is not used.
const DAYS: u32 = 30;

/// How many bytes all templates of a role may need. Those that were not used for the longest time go,
/// but none that was used today.
const SPACE: u64 = 4 * 1024 * 1024 * 1024;

/// The beginning of the names of templates.
pub(super) const PREFIX: &str = "isolated_template_";

/// The words of a comment before the date.
const USED: &str = "isolated-test: last used ";

const DATE: &str = "YYYY-MM-DD";

/// A template on the server.
struct Template {
    name: String,
    /// The date of its last use.
    used: Option<String>,
    size: u64,
}

/// Writes the date into the comment on a template.
pub(super) fn note_use(
    template: &str,
    mut run: impl FnMut(&str) -> Result<Vec<Row>, Failure>,
) -> Result<(), Failure> {
    let rows = run(&format!("SELECT to_char(current_date, '{DATE}')"))?;
    let today = rows.first().and_then(|row| row.first()?.as_deref());
    let comment = literal(&format!("{USED}{}", today.unwrap_or_default()));
    run(&format!(
        "COMMENT ON DATABASE {} IS {comment}",
        name(template)
    ))
    .map(drop)
}

/// Removes the templates of this role that were not used for a long time, or need too much space.
pub(super) fn tidy(connection: &mut Connection) -> Result<(), Failure> {
    // The size of a database that is just dropped is NULL.
    let sql = format!(
        "SELECT datname, {}, pg_database_size(oid), to_char(current_date - {DAYS}, '{DATE}'), \
             to_char(current_date, '{DATE}') \
         FROM pg_database WHERE left(datname, {}) = '{PREFIX}' \
             AND datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user)",
        used(),
        PREFIX.len()
    );
    let (mut templates, mut limits) = (Vec::new(), None);
    for row in connection.run(&sql)? {
        let Ok([name, used, size, oldest, today]) = <[_; 5]>::try_from(row) else {
            continue;
        };
        let size = size.and_then(|size| size.parse().ok()).unwrap_or(0);
        templates.extend(name.map(|name| Template { name, used, size }));
        limits = oldest.zip(today);
    }
    let Some((oldest, today)) = limits else {
        return Ok(());
    };
    // The time of a new one begins now.
    let new = templates.iter().filter(|template| template.used.is_none());
    let noted = for_each(new, |template| {
        note_use(&template.name, |sql| connection.run(sql))
    });
    let leaving = leaving(&mut templates, &oldest, &today);
    noted.and(for_each(leaving, |template| {
        let used = template.used.as_deref().unwrap_or_default();
        remove(connection, &template.name, used)
    }))
}

/// The templates that go.
fn leaving<'a>(
    templates: &'a mut [Template],
    oldest: &str,
    today: &str,
) -> impl Iterator<Item = &'a Template> {
    templates.sort_by(|one, other| other.used.cmp(&one.used));
    let mut space = 0;
    templates.iter().filter(move |template| {
        space += template.size;
        let Some(used) = &template.used else {
            return false;
        };
        **used < *oldest || (space > SPACE && **used < *today)
    })
}

/// Removes a template that no host uses. `used` is the date that its comment must have.
fn remove(connection: &mut Connection, template: &str, used: &str) -> Result<(), Failure> {
    let key = format!("{TEMPLATES}, hashtext({})", literal(template));
    let locked = connection.run(&format!("SELECT 1 WHERE pg_try_advisory_lock({key})"))?;
    if locked.is_empty() {
        return Ok(());
    }
    let removed = remove_locked(connection, template, used);
    connection.run(&format!("SELECT pg_advisory_unlock({key})"))?;
    removed
}

fn remove_locked(connection: &mut Connection, template: &str, date: &str) -> Result<(), Failure> {
    // A host that came and went meanwhile has changed the date. A lock is known in one database only:
    // a host that is connected to another one is seen in the list of all locks.
    let sql = format!(
        "SELECT 1 FROM pg_database WHERE datname = {template} AND {used} = {date} \
         AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' \
             AND classid = {TEMPLATES}::oid AND objid = hashtext({template})::oid \
             AND pid <> pg_backend_pid())",
        template = literal(template),
        date = literal(date),
        used = used(),
    );
    if connection.run(&sql)?.is_empty() {
        return Ok(());
    }
    connection.run(&no_template(template))?;
    drop_one(connection.version(), template, |sql| connection.run(sql))
}

/// The date in the comment on a database, as an expression over `pg_database`.
fn used() -> String {
    format!("substring(shobj_description(oid, 'pg_database') from '^{USED}(....-..-..)$')")
}

#[cfg(test)]
mod tests {
    use super::{SPACE, Template, leaving};

    #[test]
    fn old_templates_go_and_the_oldest_beyond_the_limit() {
        let template = |name: &str, used: &str, size| Template {
            name: name.into(),
            used: Some(used.into()).filter(|used: &String| !used.is_empty()),
            size,
        };
        let mut templates = [
            template("small and old", "2026-09-30", 0),
            template("small", "2026-10-01", 0),
            template("too much", "2026-10-07", SPACE),
            template("large", "2026-10-08", SPACE / 2),
            template("used today", "2026-10-31", SPACE / 2),
            template("unknown", "", 0),
        ];
        let leaving = |templates: &mut [Template]| -> Vec<String> {
            let leaving = leaving(templates, "2026-10-01", "2026-10-31");
            leaving.map(|template| template.name.clone()).collect()
        };
        assert_eq!(
            leaving(&mut templates),
            ["too much", "small", "small and old"]
        );
        templates[2].size = 0;
        assert_eq!(leaving(&mut templates[..]), ["small and old"]);
    }
}
