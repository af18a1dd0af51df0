//! Removes databases and schemas whose host has died on a machine that has not removed them, such as a
//! container that is gone.
//!
//! Every session of a host holds a lock whose key is the beginning of the names of what it has made, so a
//! host without such a lock is dead, and its last statement has ended.

use isolated_test_postgres_wire::{Connection, Failure};

use super::databases::{KEPT, MOST_KEPT, drop_one, for_each};
use super::schema;

/// The names of databases, but templates: the namespace of a host is 26 characters.
const NAMES: &str = "^isolated_t[a-z0-9]{25}_";

/// How many characters of a name say which host it was.
const PREFIX: usize = 36;

/// Removes the databases of this role whose host is dead, and such schemas in the database of the connection.
/// Of each that are kept for people, the newest stay.
pub(super) fn remove(connection: &mut Connection) -> Result<(), Failure> {
    let databases = "SELECT datname AS name, oid, datdba AS owner, \
                     shobj_description(oid, 'pg_database') AS comment FROM pg_database";
    let version = connection.version();
    let dropped = for_each(orphans(connection, databases)?, |database| {
        drop_one(version, &database, |sql| connection.run(sql))
    });
    let schemas = "SELECT nspname AS name, oid, nspowner AS owner, \
                   obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace";
    dropped.and(for_each(orphans(connection, schemas)?, |name| {
        schema::remove(connection, &name)
    }))
}

/// The names of what dead hosts have left, of `all`.
fn orphans(connection: &mut Connection, all: &str) -> Result<Vec<String>, Failure> {
    let sql = format!(
        "SELECT name, comment FROM ({all}) AS one \
         WHERE name ~ '{NAMES}' \
             AND owner = (SELECT oid FROM pg_roles WHERE rolname = current_user) \
             AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 \
                 AND objid = hashtext(left(name, {PREFIX}))::oid) \
         ORDER BY oid DESC"
    );
    let (mut kept, mut names) = (0, Vec::new());
    for row in connection.run(&sql)? {
        let Ok([Some(name), comment]) = <[_; 2]>::try_from(row) else {
            continue;
        };
        if comment.as_deref() == Some(KEPT) {
            kept += 1;
            if kept <= MOST_KEPT {
                continue;
            }
        }
        names.push(name);
    }
    Ok(names)
}
