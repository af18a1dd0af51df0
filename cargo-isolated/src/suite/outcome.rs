//! The outcome of one test in the output of its binary.

use super::libtest::{failed_names, output_of, results};
use super::process::Ended;
use crate::mode;

/// The outcome of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// One line that stays the same as long as the cause is likely the same.
    Failed(String),
    /// The binary ended before the test did, for another reason.
    Missing,
}

/// The outcome of a test in a run with `--format=pretty`.
///
/// Other tests and child processes may print anything in between, so the summary at the end overrules
/// the line of the test.
pub(crate) fn outcome(name: &str, ended: &Ended) -> Outcome {
    let output = &*ended.output;
    let Some(status) = ended.status else {
        return match mentioned(name, output) {
            // Without a result, this is the test that hangs, or the last of several.
            Some(Mentioned { result: "ok", .. }) => Outcome::Passed,
            _ => Outcome::Failed("did not end in time".to_owned()),
        };
    };
    if status.success() {
        let is_known = mentioned(name, output).is_some();
        return if is_known {
            Outcome::Passed
        } else {
            Outcome::Missing
        };
    }
    let is_complete = output
        .lines()
        .any(|line| line.starts_with("test result: FAILED. "));
    if is_complete {
        if !failed_names(output).any(|failed| failed == name) {
            return Outcome::Passed;
        }
        let own = output_of(output, name, failed_names(output));
        return Outcome::Failed(mode::of(own.unwrap_or_default()));
    }
    // The binary has aborted or exited. With one thread, the last test it started is the reason.
    match mentioned(name, output) {
        Some(Mentioned { result: "ok", .. }) => Outcome::Passed,
        Some(Mentioned { is_last: true, .. }) => {
            let end = status.to_string().replacen(": ", " ", 1);
            let message = if output.contains(" panicked at ") {
                format!(": {}", mode::of(output))
            } else {
                String::new()
            };
            Outcome::Failed(format!("ended with {end}{message}"))
        }
        _ => Outcome::Missing,
    }
}

/// The line that libtest prints for a test.
struct Mentioned<'a> {
    result: &'a str,
    is_last: bool,
}

/// Finds `test name ... result`, where the result may be missing.
fn mentioned<'a>(name: &str, output: &'a str) -> Option<Mentioned<'a>> {
    let mut lines = output.lines();
    let (_, result) = lines.find_map(|line| results(line).find(|(found, _)| *found == name))?;
    let is_last = !lines.any(|line| line.starts_with("test ") && results(line).next().is_some());
    Some(Mentioned { result, is_last })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::{Ended, Outcome, outcome};

    fn ended(status: Option<i32>, output: &str) -> Ended {
        Ended {
            status: status.map(ExitStatus::from_raw),
            output: output.to_owned(),
        }
    }

    const FAILED: i32 = 101 << 8;
    const OUTPUT: &str = "\nrunning 2 tests\ntest a ... ok\ntest b ... FAILED\n\nfailures:\n\n\
        ---- b stdout ----\n\nthread 'b' (7) panicked at tests/x.rs:3:5:\nport 4242 is taken\n\n\n\
        failures:\n    b\n\ntest result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 \
        filtered out; finished in 0.00s\n\n";

    #[test]
    fn the_end_of_the_output_decides() {
        let ended = ended(Some(FAILED), OUTPUT);
        assert_eq!(outcome("a", &ended), Outcome::Passed);
        let message = "tests/x.rs:3: port # is taken".to_owned();
        assert_eq!(outcome("b", &ended), Outcome::Failed(message));
    }

    #[test]
    fn a_line_with_the_output_of_a_child_is_understood() {
        let torn = OUTPUT.replace("test a ... ok", "test a ... hello\nok");
        assert_eq!(outcome("a", &ended(Some(FAILED), &torn)), Outcome::Passed);
        let passed = "running 1 test\ntest a ... hello\nok\n\ntest result: ok. 1 passed\n";
        assert_eq!(outcome("a", &ended(Some(0), passed)), Outcome::Passed);
    }

    #[test]
    fn a_test_that_did_not_run_has_not_passed() {
        let none = "running 0 tests\n\ntest result: ok. 0 passed\n";
        assert_eq!(outcome("a", &ended(Some(0), none)), Outcome::Missing);
    }

    #[test]
    fn the_last_test_of_an_aborted_binary_is_the_reason() {
        let output = "running 3 tests\ntest a ... ok\ntest b ... ";
        let aborted = ended(Some(6), output);
        assert_eq!(outcome("a", &aborted), Outcome::Passed);
        let message = "ended with signal 6 (SIGABRT)".to_owned();
        assert_eq!(outcome("b", &aborted), Outcome::Failed(message));
        assert_eq!(outcome("c", &aborted), Outcome::Missing);
    }

    #[test]
    fn a_test_that_hangs_has_failed() {
        let output = "running 2 tests\ntest a ... ok\ntest b ... ";
        let message = "did not end in time".to_owned();
        assert_eq!(outcome("b", &ended(None, output)), Outcome::Failed(message));
        assert_eq!(outcome("a", &ended(None, output)), Outcome::Passed);
    }
}
