//! Parses the output of `cargo nextest run`: a line for each test, followed by the output of the
//! test if it failed.

use std::collections::BTreeMap;

use crate::mode;
use crate::results::{Ended, How, Outcome, Results};
use crate::suite::{Suite, TestId};

/// The statuses of a passed test, including one that left processes behind.
const PASSED: [&str; 2] = ["PASS", "LEAK"];

/// The statuses of a test that is still running.
const RUNNING: [&str; 3] = ["SLOW", "TERMINATING", "TERMINATN"];

/// The tests of each binary, by the binary's name in nextest.
type Tests<'a> = BTreeMap<&'a str, &'a BTreeMap<String, bool>>;

/// Returns the result of each test that has one.
pub(crate) fn read(suite: &Suite, ended: &Ended) -> Results {
    let binaries = suite.binaries.iter().filter(|binary| !binary.is_doc);
    let tests: Tests = binaries
        .map(|binary| (&*binary.id, &binary.tests))
        .collect();
    let mut results = Results::new();
    let mut lines = ended.output.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((status, test)) = result(&tests, line) else {
            continue;
        };
        let mut output = Vec::new();
        let is_next = |line: &str| line.starts_with("────") || result(&tests, line).is_some();
        while let Some(line) = lines.next_if(|line| !is_next(line)) {
            output.push(line.strip_prefix("    ").unwrap_or(line));
        }
        // Nextest lists all failures again at the end, without their output, so the first result
        // counts.
        let is_cut_off = status == "SIGTERM" && ended.how == How::CutOff;
        if !RUNNING.contains(&status) && !is_cut_off {
            let outcome = || outcome(status, &output.join("\n"), &ended.how);
            results.entry(test).or_insert_with(outcome);
        }
    }
    results
}

/// Parses `PASS [   0.005s] ( 1/14) package::binary module::name`.
fn result<'l>(tests: &Tests, line: &'l str) -> Option<(&'l str, TestId)> {
    let (status, rest) = line.trim_start().split_once(" [")?;
    let is_status = status.starts_with(|c: char| c.is_ascii_uppercase());
    let (_, rest) = rest.split_once("] ")?;
    let rest = match rest.strip_prefix('(') {
        Some(rest) => rest.split_once(") ")?.1,
        None => rest,
    };
    let (binary, name) = rest.trim_start().split_once(' ')?;
    let is_listed = tests.get(binary)?.contains_key(name);
    (is_status && is_listed).then(|| (status.trim(), TestId::new(binary, name)))
}

fn outcome(status: &str, output: &str, how: &How) -> Outcome {
    if PASSED.contains(&status) {
        return Outcome::Passed;
    }
    let mode = match status {
        "TIMEOUT" => "timeout".to_owned(),
        "SIGTERM" if matches!(how, How::Hung(_)) => "hung".to_owned(),
        "FAIL" if output.contains(" panicked at ") => mode::of(output),
        "FAIL" => {
            let mut errors = output.lines().filter(|line| line.starts_with("Error: "));
            let mut notes = output
                .lines()
                .filter(|line| line.starts_with("note: test "));
            let ends = "(test failed with ";
            let mut ends = output.lines().filter(|line| line.starts_with(ends));
            match (errors.next().or(notes.next()), ends.next_back()) {
                (Some(line), _) => mode::normal(line),
                (None, Some(end)) => end.trim_matches(['(', ')']).to_owned(),
                (None, None) => "failed without a word".to_owned(),
            }
        }
        signal if signal.starts_with("SIG") => format!("ended by {signal}"),
        other => format!("nextest says {other}"),
    };
    Outcome::failed(mode, output)
}

#[cfg(test)]
#[path = "nextest_tests.rs"]
mod tests;
