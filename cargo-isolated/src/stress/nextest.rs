//! Parses the output of `cargo nextest run`: a line for each test, followed by the output of the
//! test if it failed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::mode;
use crate::stress::expected::{Expected, TestId};
use crate::stress::overlap::Span;
use crate::stress::results::{Ended, How, Outcome, Results};
use crate::suite::nextest::Line;

/// The tests of each binary, by the binary's name in nextest.
type Tests<'a> = BTreeMap<&'a str, &'a BTreeMap<String, bool>>;

/// The times during which tests ran, from the result lines and their times.
pub(crate) fn spans(suite: &Expected, lines: &[(Instant, String)]) -> Vec<Span> {
    let tests = tests(suite);
    let mut seen = BTreeSet::new();
    let mut spans = Vec::new();
    for (end, line) in lines {
        let Some((parsed, test)) = result(&tests, line) else {
            continue;
        };
        // Nextest lists all failures again at the end.
        if parsed.is_running() || !seen.insert(test.clone()) {
            continue;
        }
        let seconds = line.split_once(" [").and_then(|(_, rest)| {
            let (seconds, _) = rest.split_once("s]")?;
            seconds.trim().parse().ok()
        });
        let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        spans.push(Span {
            test,
            start: time.and_then(|time| end.checked_sub(time)).unwrap_or(*end),
            end: *end,
            has_failed: !parsed.has_passed(),
        });
    }
    spans
}

fn tests(suite: &Expected) -> Tests<'_> {
    let binaries = suite.binaries.iter().filter(|binary| !binary.is_doc);
    binaries
        .map(|binary| (&*binary.id, &binary.tests))
        .collect()
}

/// Returns the result of each test that has one.
pub(crate) fn read(suite: &Expected, ended: &Ended) -> Results {
    let tests = tests(suite);
    let mut results = Results::new();
    let mut lines = ended.output.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((parsed, test)) = result(&tests, line) else {
            continue;
        };
        let mut output = Vec::new();
        let is_next = |line: &str| line.starts_with("────") || result(&tests, line).is_some();
        while let Some(line) = lines.next_if(|line| !is_next(line)) {
            output.push(line.strip_prefix("    ").unwrap_or(line));
        }
        // Nextest lists all failures again at the end, without their output, so the first result
        // counts.
        let is_cut_off = parsed.status == "SIGTERM" && ended.how == How::CutOff;
        if !parsed.is_running() && !is_cut_off {
            let outcome = || outcome(parsed, &output.join("\n"), &ended.how);
            results.entry(test).or_insert_with(outcome);
        }
    }
    results
}

/// Parses a line about one of the tests.
fn result<'l>(tests: &Tests, line: &'l str) -> Option<(Line<'l>, TestId)> {
    let line = Line::parse(line)?;
    let is_listed = tests.get(line.binary)?.contains_key(line.name);
    is_listed.then(|| (line, TestId::new(line.binary, line.name)))
}

fn outcome(line: Line<'_>, output: &str, how: &How) -> Outcome {
    if line.has_passed() {
        return Outcome::Passed;
    }
    let mode = match line.status {
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
