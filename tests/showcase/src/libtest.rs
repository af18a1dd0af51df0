//! Reads what the standard test harness prints on a stable compiler.

use std::collections::BTreeMap;

/// What one process of a suite said about its tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// How many tests it was going to run.
    pub(crate) announced: usize,
    pub(crate) passed: usize,
    pub(crate) ignored: usize,
    /// The failed tests by name, with what they printed.
    pub(crate) failed: BTreeMap<String, String>,
}

impl Report {
    /// Reads the standard output of a test binary.
    pub(crate) fn parse(stdout: &str) -> Self {
        let mut report = Self::default();
        let (results, details) = stdout.split_once("\nfailures:\n").unwrap_or((stdout, ""));
        for line in results.lines() {
            report.read_result(line);
        }
        let (details, _) = details.split_once("\nfailures:\n").unwrap_or((details, ""));
        let mut current = None;
        for line in details.lines() {
            if let Some(name) = header(line) {
                current = report.failed.get_mut(name);
            } else if let Some(output) = &mut current {
                output.push_str(line);
                output.push('\n');
            }
        }
        report
    }

    /// How many tests have no result, because the process ended before.
    pub(crate) fn missing(&self) -> usize {
        let reported = self.passed + self.ignored + self.failed.len();
        self.announced.saturating_sub(reported)
    }

    fn read_result(&mut self, line: &str) {
        if let Some(count) = line
            .strip_prefix("running ")
            .and_then(|rest| rest.split(' ').next())
        {
            self.announced += count.parse().unwrap_or(0);
        }
        let Some((test, result)) = line
            .strip_prefix("test ")
            .and_then(|l| l.rsplit_once(" ... "))
        else {
            return;
        };
        match result {
            "ok" => self.passed += 1,
            "FAILED" => {
                let name = test.strip_suffix(" - should panic").unwrap_or(test);
                self.failed.insert(name.to_owned(), String::new());
            }
            _ if result.starts_with("ignored") => self.ignored += 1,
            _ => {}
        }
    }
}

fn header(line: &str) -> Option<&str> {
    line.strip_prefix("---- ")?.strip_suffix(" stdout ----")
}

#[cfg(test)]
mod tests {
    use super::Report;

    const OUTPUT: &str = "
running 5 tests
test files::pid ... ok
test files::late ... ignored, too slow
test http::basket ... FAILED
test http::panics - should panic ... FAILED

failures:

---- http::basket stdout ----

thread 'http::basket' panicked at http.rs:1:1:
unexpected answer

---- http::panics stdout ----
note: test did not panic as expected at http.rs:9:4

failures:
    http::basket
    http::panics

test result: FAILED. 1 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
";

    #[test]
    fn each_failed_test_has_its_output() {
        let report = Report::parse(OUTPUT);

        assert_eq!((report.announced, report.passed, report.ignored), (5, 1, 1));
        let failed: Vec<_> = report
            .failed
            .iter()
            .map(|(name, text)| (&**name, text.trim()))
            .collect();
        let basket = "thread 'http::basket' panicked at http.rs:1:1:\nunexpected answer";
        let panics = "note: test did not panic as expected at http.rs:9:4";
        assert_eq!(failed, [("http::basket", basket), ("http::panics", panics)]);
    }

    #[test]
    fn a_test_without_a_result_is_missing() {
        assert_eq!(Report::parse(OUTPUT).missing(), 1);
        assert_eq!(
            Report::parse("\nrunning 3 tests\ntest a ... ok\n").missing(),
            2
        );
        assert_eq!(Report::parse(""), Report::default());
    }
}
