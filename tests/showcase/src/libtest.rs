//! Parses the JSON output of the standard test harness, one object per line.
//!
//! The plain text would not do: it prints the output of failed tests only at the end, which a
//! killed process never reaches. The JSON format is unstable, but editors rely on it too.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// The arguments and the variable that make a test binary write JSON, whatever compiler built it.
pub(crate) const ARGUMENTS: [&str; 3] = ["-Z", "unstable-options", "--format=json"];
pub(crate) const VARIABLE: (&str, &str) = ("RUSTC_BOOTSTRAP", "1");

/// The results of one process of a suite.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Number of tests that the process announced.
    pub(crate) announced: usize,
    pub(crate) passed: usize,
    pub(crate) ignored: usize,
    /// The failed tests and their output.
    pub(crate) failed: BTreeMap<String, String>,
    /// The tests that began but did not end.
    pub(crate) unfinished: BTreeSet<String>,
}

/// The fields of a line that are needed here.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line {
    Suite {
        #[serde(default)]
        test_count: usize,
    },
    Test {
        name: String,
        event: String,
        #[serde(default)]
        stdout: String,
    },
}

impl Report {
    /// Parses the standard output of a test binary. The tests' own output is not JSON, and may
    /// precede an object on its line.
    pub(crate) fn parse(stdout: &str) -> Self {
        let mut report = Self::default();
        let json = |line: &str| serde_json::from_str(&line[line.find(r#"{ "type":"#)?..]).ok();
        for line in stdout.lines().filter_map(json) {
            report.hear(line);
        }
        report
    }

    /// Number of tests without a result, because the process ended first.
    pub(crate) fn missing(&self) -> usize {
        let reported = self.passed + self.ignored + self.failed.len();
        self.announced.saturating_sub(reported)
    }

    fn hear(&mut self, line: Line) {
        let (name, event, stdout) = match line {
            Line::Suite { test_count } => return self.announced += test_count,
            Line::Test {
                name,
                event,
                stdout,
            } => (name, event, stdout),
        };
        match event.as_str() {
            "started" => {
                self.unfinished.insert(name);
                return;
            }
            "ok" => self.passed += 1,
            "ignored" => self.ignored += 1,
            "failed" => {
                self.failed.insert(name.clone(), stdout);
            }
            _ => return, // Such as `timeout`, for a slow test.
        }
        self.unfinished.remove(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::Report;

    const OUTPUT: &str = r#"
{ "type": "suite", "event": "started", "test_count": 5 }
{ "type": "test", "event": "started", "name": "files::pid" }
{ "type": "test", "event": "started", "name": "http::basket" }
{ "type": "test", "name": "files::pid", "event": "ok" }
{ "type": "test", "event": "started", "name": "files::late" }
what a child wrote{ "type": "test", "name": "files::late", "event": "ignored" }
{ "type": "test", "event": "started", "name": "http::slow" }
{ "type": "test", "name": "http::basket", "event": "failed", "stdout": "Error: \"no\"\n" }
{ "type": "test", "event": "timeout", "name": "http::slow" }
"#;

    const END: &str = r#"{ "type": "suite", "event": "failed", "passed": 1, "failed": 1 }"#;

    #[test]
    fn each_failed_test_has_its_output() {
        let report = Report::parse(&format!("{OUTPUT}{END}"));

        assert_eq!((report.announced, report.passed, report.ignored), (5, 1, 1));
        let failed: Vec<_> = report.failed.into_iter().collect();
        assert_eq!(
            failed,
            [("http::basket".to_owned(), "Error: \"no\"\n".to_owned())]
        );
    }

    #[test]
    fn a_test_without_a_result_is_missing() {
        let report = Report::parse(OUTPUT);

        assert_eq!(report.missing(), 2, "one has begun, one has not");
        assert!(report.unfinished.iter().eq(["http::slow"]));
        assert_eq!(Report::parse("error: no such argument"), Report::default());
    }
}
