//! Parses the plain text output of `cargo test`, the only stable format.
//!
//! Other processes may write in between, and failed tests print the output of other test runs. So a
//! name counts only if it is one of the listed tests, and a binary counts as complete only if its
//! summary covers all of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::mode;
use crate::stress::expected::{Binary, Expected, TestId};
use crate::stress::results::{Ended, How, Outcome, Results, tail};
use crate::suite::libtest::{self, failed_names};

/// Splits an output wherever Cargo announces a binary that is `expected`. Each section comes with
/// the announced name.
pub(crate) fn sections(output: &str, mut expected: impl FnMut(&str) -> bool) -> Vec<(&str, &str)> {
    let mut starts = Vec::new();
    let mut end = 0;
    for line in output.split_inclusive('\n') {
        end += line.len();
        if let Some(announced) = announced(line.trim_end()).filter(|name| expected(name)) {
            starts.push((announced, end - line.len(), end));
        }
    }
    let ends = starts.iter().skip(1).map(|(_, start, _)| *start);
    let ends = ends.chain([output.len()]).collect::<Vec<_>>();
    let sections = starts.iter().zip(ends);
    sections
        .map(|((announced, _, start), end)| (*announced, &output[*start..end]))
        .collect()
}

/// The file name in `Running tests/port.rs (target/debug/deps/port-1a2b)`, or the crate in
/// `Doc-tests x`.
fn announced(line: &str) -> Option<&str> {
    if let Some(at) = line.find("  Doc-tests ") {
        return Some(&line[at + "  Doc-tests ".len()..]);
    }
    let line = &line[line.find("  Running ")?..];
    let path = line.strip_suffix(')')?.rsplit_once('(')?.1;
    path.rsplit(['/', '\\']).next()
}

/// Returns the result of each test that has one. Tests of a binary that was not announced have
/// none.
pub(crate) fn read(suite: &Expected, ended: &Ended) -> Results {
    let mut results = Results::new();
    // Each binary counts once: a second announcement is part of a test's output.
    let mut left: BTreeMap<_, _> = suite
        .binaries
        .iter()
        .map(|binary| (&*binary.announced, binary))
        .collect();
    let mut found = Vec::new();
    let sections = sections(&ended.output, |name| {
        let binary = left.remove(name);
        found.extend(binary);
        binary.is_some()
    });
    for (binary, (_, text)) in found.into_iter().zip(sections) {
        Section { binary, text }.read(&ended.how, &mut results);
    }
    results
}

/// The output of one binary.
struct Section<'a> {
    binary: &'a Binary,
    text: &'a str,
}

/// The sum of the summaries of a section.
#[derive(Debug, Default)]
struct Summary<'a> {
    passed: usize,
    failed: usize,
    ignored: usize,
    /// The names of the failed tests.
    names: BTreeSet<&'a str>,
    /// The text after the last summary.
    rest: &'a str,
}

impl Section<'_> {
    fn read(&self, how: &How, results: &mut Results) {
        match self.summary() {
            Some(summary) if self.is_all(&summary) => {
                for name in self.binary.running() {
                    let outcome = if summary.names.contains(name) {
                        let output = self.output_of(name, &summary.names).unwrap_or_default();
                        Outcome::failed(mode::of(output), output)
                    } else {
                        Outcome::Passed
                    };
                    results.insert(self.binary.test(name), outcome);
                }
                if summary.failed == 0 && summary.rest.contains("to rerun pass") {
                    let end = self.end().unwrap_or("a failure".to_owned());
                    let outcome = Outcome::failed(
                        format!("ended with {end} although no test has failed"),
                        tail(self.text),
                    );
                    results.insert(TestId::whole(&self.binary.id), outcome);
                }
            }
            summary => self.read_lines(summary.is_some(), how, results),
        }
    }

    /// Whether a summary covers all tests that should have run.
    fn is_all(&self, summary: &Summary) -> bool {
        let running: BTreeSet<_> = self.binary.running().collect();
        summary.names.len() == summary.failed
            && summary.names.is_subset(&running)
            && summary.passed + summary.failed == running.len()
            && summary.passed + summary.failed + summary.ignored == self.binary.tests.len()
    }

    /// Sums the summaries. Documentation examples may run in two parts, each with a summary. For
    /// other binaries only the last summary counts, because earlier ones are part of the output of
    /// failed tests.
    fn summary(&self) -> Option<Summary<'_>> {
        let (mut lines, mut end) = (Vec::new(), 0);
        for line in self.text.split_inclusive('\n') {
            end += line.len();
            lines.extend(counts(line).map(|counts| (end - line.len(), end, counts)));
        }
        let skipped = if self.binary.is_doc {
            0
        } else {
            lines.len().saturating_sub(1)
        };
        let (mut all, mut begin) = (Summary::default(), 0);
        for (start, end, [passed, failed, ignored]) in lines.iter().skip(skipped) {
            all.passed += passed;
            all.failed += failed;
            all.ignored += ignored;
            if *failed > 0 {
                all.names.extend(failed_names(&self.text[begin..*start]));
            }
            all.rest = &self.text[*end..];
            begin = *end;
        }
        (!lines.is_empty()).then_some(all)
    }

    /// Reads the results test by test, for a binary without a complete summary.
    fn read_lines(&self, has_summary: bool, how: &How, results: &mut Results) {
        let before = self.text.find("\nfailures:\n").unwrap_or(self.text.len());
        let (mut known, mut slow) = (Results::new(), BTreeSet::new());
        for line in self.text[..before].lines() {
            if let Some((name, outcome)) = self.result(line) {
                known.entry(self.binary.test(name)).or_insert(outcome);
            }
            let name = line.strip_suffix(" has been running for over 60 seconds");
            slow.extend(name.and_then(|line| Some(line.rsplit_once("test ")?.1)));
        }
        let all = match (self.end(), how) {
            (Some(end), _) => format!("no result: its test binary ended with {end}"),
            (None, How::Hung(seconds)) => {
                format!("no result: its test binary did nothing for {seconds} s")
            }
            (None, _) if has_summary => {
                "no result: the summary of its test binary does not fit the listed tests".to_owned()
            }
            (None, _) => "no result: its test binary ended without a summary".to_owned(),
        };
        for name in self.binary.running() {
            let test = self.binary.test(name);
            let outcome = known.remove(&test);
            if outcome.is_none() && *how == How::CutOff {
                continue;
            }
            let outcome = outcome.unwrap_or_else(|| {
                let hung = matches!(how, How::Hung(_)) && slow.contains(name);
                let mode = if hung { "hung" } else { &all };
                Outcome::failed(mode, tail(self.text))
            });
            results.insert(test, outcome);
        }
    }

    /// Parses `test name ... ok`, possibly preceded by the output of a child.
    fn result<'l>(&self, line: &'l str) -> Option<(&'l str, Outcome)> {
        libtest::results(line).find_map(|(name, status)| {
            if *self.binary.tests.get(name)? {
                return None;
            }
            let outcome = match status {
                "ok" => Outcome::Passed,
                "FAILED" => {
                    let output = self.output_of(name, &self.binary.running().collect());
                    let mode = output.map_or("failed; its output was lost".to_owned(), mode::of);
                    Outcome::failed(mode, output.unwrap_or(self.text))
                }
                _ => return None,
            };
            Some((name, outcome))
        })
    }

    fn output_of(&self, name: &str, failed: &BTreeSet<&str>) -> Option<&str> {
        libtest::output_of(self.text, name, failed.iter().copied())
    }

    /// The end of the binary according to Cargo: `(signal: 6, SIGABRT: process abort signal)`.
    fn end(&self) -> Option<String> {
        let at = self.text.rfind("process didn't exit successfully: `")?;
        let line = self.text[at..].lines().next()?;
        let end = line.rsplit_once("` (")?.1.trim_end_matches(')');
        Some(end.replacen(": ", " ", 1))
    }
}

/// Parses `test result: FAILED. 1 passed; 5 failed; 0 ignored; ...`.
fn counts(line: &str) -> Option<[usize; 3]> {
    let (_, rest) = line.split_once("test result: ")?;
    let (_, rest) = rest.split_once(". ")?;
    let mut parts = rest.split("; ");
    let mut count = |word: &str| {
        let (number, found) = parts.next()?.split_once(' ')?;
        (found == word).then(|| number.parse().ok()).flatten()
    };
    Some([count("passed")?, count("failed")?, count("ignored")?])
}

#[cfg(test)]
#[path = "libtest_tests.rs"]
mod tests;
