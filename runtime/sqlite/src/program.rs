//! The program `sqlite3`, which runs SQL so that this package depends on no version of SQLite.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use isolated_test_databases::File;

/// Printed after each file, with its number, unless the program has stopped before.
const END: &str = "isolated-test: end of";

/// Runs files with SQL in a database.
pub(crate) fn run(files: &[File], database: &Path) -> Result<(), String> {
    let (mut script, mut lines) = (String::new(), 0);
    // The number of lines before the SQL of each file.
    let mut skipped = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let (begin, commit) = if file.is_transaction {
            ("BEGIN;", "COMMIT;")
        } else {
            ("", "")
        };
        let part = format!(
            "{begin}\n{}\n;\n{commit}\n.print {END} {number}\n",
            file.sql
        );
        skipped.push(lines + 1);
        lines += part.matches('\n').count();
        script += &part;
    }
    let output = call(database, &script)?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let has_ended = |number| {
        let end = format!("{END} {number}");
        printed.lines().any(|line| line == end)
    };
    let Some(failed) = (0..files.len()).find(|number| !has_ended(*number)) else {
        return Ok(());
    };
    Err(describe(&files[failed], skipped[failed], &output))
}

/// Waits for transactions in a database to end, and moves everything from its log into the file itself.
pub(crate) fn settle(database: &Path) -> Result<(), String> {
    let script = ".timeout 2000\nPRAGMA wal_checkpoint(TRUNCATE);\nBEGIN IMMEDIATE;\nCOMMIT;\n";
    let output = call(database, script)?;
    if !output.status.success() {
        let (_, why) = first_error(&output);
        return Err(why);
    }
    // The first number is 1 if a connection was in the way.
    if output.stdout.starts_with(b"1") {
        return Err("database is locked".to_owned());
    }
    Ok(())
}

/// Runs a script.
fn call(database: &Path, script: &str) -> Result<Output, String> {
    let path = database.with_extension("script");
    let ran = fs::write(&path, script)
        .and_then(|()| fs::File::open(&path))
        .and_then(|script| {
            Command::new("sqlite3")
                // Settings of the user are not for tests.
                .args(["-init", if cfg!(windows) { "NUL" } else { "/dev/null" }])
                .args(["-batch", "-bail", "-cmd", "PRAGMA synchronous = OFF"])
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
        _ => format!("failed to run `sqlite3`: {error}"),
    })
}

/// Describes why a file was not run to its end. `skipped` is the number of lines before it.
fn describe(file: &File, skipped: usize, output: &Output) -> String {
    let shown = file.shown.display();
    let (line, why) = first_error(output);
    let last = file.sql.lines().count().max(1);
    match line.map(|line| line.saturating_sub(skipped)) {
        // It has swallowed what follows.
        _ if why.is_empty() => format!("{shown}:{last}: it ends in a comment"),
        None => format!("failed to run `{shown}`: {why}"),
        // The end of its transaction has failed.
        Some(line) if line > last => format!("{shown}:{last}: {why}"),
        Some(begin) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            let line = marked_line(&errors, &file.sql, begin).unwrap_or(begin);
            format!("{shown}:{line}: {why}")
        }
    }
}

/// The line of the first error, if it has one, and its text.
///
/// ```text
/// Parse error near line 3: near ",": syntax error
/// ```
fn first_error(output: &Output) -> (Option<usize>, String) {
    let errors = String::from_utf8_lossy(&output.stderr);
    let first = errors.lines().next().unwrap_or_default().trim();
    let located = first.split_once("near line ").and_then(|(_, rest)| {
        let (place, why) = rest.split_once(": ")?;
        let digits = place.bytes().take_while(u8::is_ascii_digit).count();
        Some((place[..digits].parse().ok()?, why.to_owned()))
    });
    match located {
        Some((line, why)) => (Some(line), why),
        None => (None, first.to_owned()),
    }
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
    let lines = sql.split_inclusive('\n').take(begin.saturating_sub(1));
    let skipped: usize = lines.map(str::len).sum();
    let blank = |byte: &u8| match byte {
        byte if byte.is_ascii_whitespace() => b' ',
        byte => *byte,
    };
    let statement: Vec<u8> = sql.as_bytes()[skipped..].iter().map(blank).collect();
    let mut places = statement.windows(part.len());
    let at = places.position(|window| window == part)?;
    let before = sql.get(..skipped + at + column)?;
    Some(before.matches('\n').count() + 1)
}
