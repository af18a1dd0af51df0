//! The program `sqlite3`, which runs SQL so that this package depends on no version of SQLite.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use isolated_test_databases::File;

/// The last line of the output, unless the program has stopped before.
const END: &str = "isolated-test: the end";

/// Runs a file with SQL in a database.
pub(crate) fn run(file: &File, database: &Path) -> Result<(), String> {
    let shown = file.shown.display();
    let failed = |why: &str| format!("failed to run `{shown}`: {why}");
    let (begin, commit) = if file.is_transaction {
        ("BEGIN", "COMMIT;")
    } else {
        ("SELECT 1", "")
    };
    let script = format!("{}\n;\n{commit}\n.print {END}\n", file.sql);
    let output = call(database, begin, &script).map_err(|error| failed(&error))?;
    if let Some(error) = error_in(&output, &file.sql) {
        return Err(match error {
            (Some(line), why) => format!("{shown}:{line}: {why}"),
            (None, why) => failed(&why),
        });
    }
    Ok(())
}

/// Waits for transactions in a database to end, and moves everything from its log into the file itself.
pub(crate) fn settle(database: &Path) -> Result<(), String> {
    let script =
        format!("PRAGMA wal_checkpoint(TRUNCATE);\nBEGIN IMMEDIATE;\nCOMMIT;\n.print {END}\n");
    let output = call(database, ".timeout 2000", &script)?;
    if let Some((_, why)) = error_in(&output, "") {
        return Err(why);
    }
    // The first number is 1 if a connection was in the way.
    if output.stdout.starts_with(b"1") {
        return Err("database is locked".to_owned());
    }
    Ok(())
}

/// Runs a script, after one more line.
fn call(database: &Path, first: &str, script: &str) -> Result<Output, String> {
    let path = script_beside(database);
    let ran = fs::write(&path, script)
        .and_then(|()| fs::File::open(&path))
        .and_then(|script| {
            Command::new("sqlite3")
                // Settings of the user are not for tests.
                .args(["-init", if cfg!(windows) { "NUL" } else { "/dev/null" }])
                .args(["-batch", "-bail", "-cmd", "PRAGMA synchronous = OFF"])
                .args(["-cmd", first])
                .arg(database)
                .stdin(Stdio::from(script))
                .output()
        });
    let _ = fs::remove_file(&path);
    ran.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            "found no `sqlite3` in `PATH`, which runs SQL for tests; install it with \
             `apt-get install sqlite3` or `brew install sqlite`, or let your client do it in \
             `Sqlite::prepared`"
                .to_owned()
        }
        _ => error.to_string(),
    })
}

fn script_beside(database: &Path) -> PathBuf {
    database.with_extension("script")
}

/// The error of the program, with its line if there is one.
fn error_in(output: &Output, sql: &str) -> Option<(Option<usize>, String)> {
    let printed = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && printed.lines().next_back() == Some(END) {
        return None;
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let first = errors.lines().next().unwrap_or_default().trim();
    if first.is_empty() {
        return Some((None, "it ends in a comment".to_owned()));
    }
    // Parse error near line 3: near ",": syntax error
    let located = first.split_once("near line ").and_then(|(_, rest)| {
        let (place, why) = rest.split_once(": ")?;
        let digits = place.bytes().take_while(u8::is_ascii_digit).count();
        Some((place[..digits].parse().ok()?, why))
    });
    Some(match located {
        Some((begin, why)) => {
            let line = marked_line(&errors, sql, begin).unwrap_or(begin);
            (Some(line), why.to_owned())
        }
        None => (None, first.to_owned()),
    })
}

/// The line that an arrow below a part of the statement points to. `begin` is the line on which the
/// statement begins.
///
/// ```text
///   CREATE TABLE b (   id int,, );
///               error here ---^
/// ```
fn marked_line(errors: &str, sql: &str, begin: usize) -> Option<usize> {
    let mut lines = errors.lines().skip(1);
    let part = lines.next()?.strip_prefix("  ")?.as_bytes();
    if part.is_empty() {
        return None;
    }
    let column = lines.next()?.find('^')?.checked_sub(2)?;
    let skipped: usize = sql
        .split_inclusive('\n')
        .take(begin.saturating_sub(1))
        .map(str::len)
        .sum();
    let blank = |byte: &u8| {
        if byte.is_ascii_whitespace() {
            b' '
        } else {
            *byte
        }
    };
    let statement: Vec<u8> = sql.as_bytes()[skipped..].iter().map(blank).collect();
    let at = statement
        .windows(part.len())
        .position(|window| window == part)?;
    let before = sql.get(..skipped + at + column)?;
    Some(before.matches('\n').count() + 1)
}
