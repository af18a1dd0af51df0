//! Counts the results of runs of a suite.

use std::time::Duration;

use crate::Result;
use crate::collision::Kind;
use crate::libtest::Report;
use crate::process::Ended;

/// The results of some runs.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    /// Number of runs of the suite.
    pub(crate) suites: usize,
    /// Number of test runs.
    pub(crate) tests: usize,
    pub(crate) failures: Vec<Failure>,
    pub(crate) time: Duration,
}

/// A test run that failed or did not end.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) test: String,
    pub(crate) kind: Kind,
}

impl Runs {
    /// Mean time of one run of the suite.
    pub(crate) fn time_of_suite(&self) -> Duration {
        self.time / u32::try_from(self.suites.max(1)).unwrap_or(u32::MAX)
    }

    /// Counts the tests of one process. Returns the failed tests with their output.
    pub(crate) fn count(&mut self, ended: &Ended) -> Result<Vec<(Failure, String)>> {
        let report = Report::parse(&ended.stdout);
        if report.announced == 0 {
            return Err(format!("the suite ran no tests: {}", ended.stderr.trim()).into());
        }
        self.suites += 1;
        self.tests += report.announced - report.ignored;
        let missing = report.missing();
        let mut failed: Vec<_> = report
            .failed
            .into_iter()
            .map(|(test, output)| {
                let kind = Kind::of(&output);
                (Failure { test, kind }, output)
            })
            .collect();

        let good = ended.status.is_some_and(|status| status.success());
        if missing > 0 || good != failed.is_empty() {
            let (kind, how) = match ended.status {
                None => (Kind::Hung, "time was up".to_owned()),
                Some(status) => (Kind::ProcessEnded, status.to_string()),
            };
            let mut names = report.unfinished.into_iter();
            // A process that fails after its last test counts as one failure.
            for _ in 0..missing.max(1) {
                let name = names.next();
                let test = name.unwrap_or_else(|| "(a test that did not begin)".to_owned());
                let output = format!("{how}\n{}", ended.stderr);
                failed.push((Failure { test, kind }, output));
            }
        }
        Ok(failed)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::{Ended, Kind, Runs};

    const OUTPUT: &str = r#"
{ "type": "suite", "event": "started", "test_count": 4 }
{ "type": "test", "event": "started", "name": "a" }
{ "type": "test", "name": "a", "event": "failed", "stdout": "AddrInUse" }
{ "type": "test", "event": "started", "name": "b" }
{ "type": "test", "event": "started", "name": "c" }
{ "type": "test", "name": "c", "event": "ok" }
"#;

    fn count(stdout: &str, status: Option<ExitStatus>) -> Vec<(String, Kind)> {
        let ended = Ended {
            status,
            stdout: stdout.to_owned(),
            stderr: String::new(),
        };
        let failures = Runs::default().count(&ended).expect("there are tests");
        let short = failures.into_iter().map(|(f, _)| (f.test, f.kind));
        short.collect()
    }

    fn named(name: &str, kind: Kind) -> (String, Kind) {
        (name.to_owned(), kind)
    }

    #[test]
    fn a_process_that_is_ended_takes_its_tests_with_it() {
        let kind = Kind::ProcessEnded;
        let expected = [
            named("a", Kind::AddressInUse),
            named("b", kind),
            named("(a test that did not begin)", kind),
        ];
        assert_eq!(count(OUTPUT, Some(ExitStatus::from_raw(6))), expected);
    }

    #[test]
    fn so_does_one_that_hangs() {
        let kinds: Vec<_> = count(OUTPUT, None).into_iter().map(|(_, k)| k).collect();
        assert_eq!(kinds, [Kind::AddressInUse, Kind::Hung, Kind::Hung]);
    }

    #[test]
    fn a_process_that_fails_after_its_tests_counts_once() {
        let passed = OUTPUT.replace("4 }", "1 }").replace("failed", "ok");
        let passed = passed.lines().take(4).collect::<Vec<_>>().join("\n");
        assert_eq!(count(&passed, Some(ExitStatus::from_raw(0))), []);
        let failed = count(&passed, Some(ExitStatus::from_raw(1 << 8)));
        assert_eq!(failed.len(), 1);
    }

    #[test]
    fn no_tests_are_an_error() {
        let ended = Ended {
            status: Some(ExitStatus::from_raw(0)),
            stdout: String::new(),
            stderr: "no such option\n".to_owned(),
        };
        let error = Runs::default().count(&ended).expect_err("there are none");
        assert_eq!(error.to_string(), "the suite ran no tests: no such option");
    }
}
