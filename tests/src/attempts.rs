//! Tests whose first attempts fail, and what each attempt recorded.

use std::fs::{self, OpenOptions};
use std::io::Write;

use crate::{Finished, State};

/// Records one attempt of the running test, and returns whether it must fail.
///
/// # Panics
///
/// Panics if the test was not started by [`attempts`].
#[must_use]
pub fn fails() -> bool {
    let path = std::env::var("ATTEMPTS").expect("a file for attempts");
    let file = OpenOptions::new().append(true).create(true).open(&path);
    let test = isolated_test::current();
    writeln!(
        file.expect("the file"),
        "{} {}",
        std::process::id(),
        test.namespace()
    )
    .expect("room in the file");
    let written = fs::read_to_string(&path).expect("what was written");
    let number = written.lines().count();
    println!("attempt number {number} to standard output");
    eprintln!("attempt number {number} to standard error");
    let failures = std::env::var("FAILURES").expect("how many are to fail");
    number <= failures.parse().expect("a number")
}

/// Runs an inner test of the calling file, with captured output, whose first `failures` attempts
/// fail. Returns what each attempt recorded: its process identifier and its namespace.
#[must_use]
#[track_caller]
pub fn attempts(
    test: &str,
    failures: &str,
    variables: &[(&str, &str)],
) -> (Finished, Vec<Vec<String>>, State) {
    let state = State::new();
    let path = state.scratch().join("attempts");
    let mut inner = state
        .inner(test)
        .env("ISOLATED_KEEP", "never")
        .env("ATTEMPTS", &path)
        .env("FAILURES", failures);
    for (name, value) in variables {
        inner = inner.env(name, value);
    }
    let finished = inner.captured().run();
    let written = fs::read_to_string(path).unwrap_or_default();
    let words = |line: &str| line.split(' ').map(str::to_owned).collect();
    (finished, written.lines().map(words).collect(), state)
}
