//! Reads what `cargo nextest run` prints: a line for each test, and below it what a failed one said.

use std::collections::BTreeMap;

use crate::mode;
use crate::results::{Ended, How, Outcome, Results};
use crate::suite::{Suite, TestId};

/// The words for a test that has passed; whoever left processes behind has too.
const PASSED: [&str; 2] = ["PASS", "LEAK"];

/// The words that say nothing yet.
const RUNNING: [&str; 3] = ["SLOW", "TERMINATING", "TERMINATN"];

/// The names of nextest for the binaries.
type Tests<'a> = BTreeMap<&'a str, &'a BTreeMap<String, bool>>;

/// Returns what is known of each test.
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
        // All that failed is listed again at the end, without its output.
        let is_cut_off = status == "SIGTERM" && ended.how == How::CutOff;
        if !RUNNING.contains(&status) && !is_cut_off {
            let outcome = || outcome(status, &output.join("\n"), &ended.how);
            results.entry(test).or_insert_with(outcome);
        }
    }
    results
}

/// Reads `PASS [   0.005s] ( 1/14) package::binary module::name`.
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
