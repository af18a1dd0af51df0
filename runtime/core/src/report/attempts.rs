//! Messages about tests that run more than once, or whose failure does not count.

use std::fmt::Write as _;

use crate::config::Flaky;
use crate::output::{aloud, print};
use crate::statistics::at_most;

/// The log of one attempt.
pub(crate) struct AttemptLog {
    /// Why the attempt failed, or `None` if it passed.
    pub(crate) why: Option<String>,
    pub(crate) printed: String,
}

/// Reports that a failed test runs again.
pub(crate) fn runs_again(name: &str, run: u32, most: u32, why: &str) {
    print(&format!(
        "isolated-test: {name}: attempt {run} of {most} failed, because {why}; it runs again with fresh \
         resources\n"
    ));
}

/// Reports that a test failed and then passed, with everything that it printed unless the test
/// runner shows that.
pub(crate) fn flaky(name: &str, log: &[AttemptLog], counts: Flaky) {
    let failures = log.iter().filter(|attempt| attempt.why.is_some()).count();
    let mut text = format!(
        "isolated-test: {name}: flaky: failed {}, then passed{}\n",
        times(failures),
        match counts {
            Flaky::Pass => "",
            Flaky::Fail => ", which is a failure, because `ISOLATED_FLAKY` is `fail`",
        }
    );
    match counts {
        Flaky::Pass => {
            attempts(&mut text, log);
            aloud(&text);
        }
        // The test runner shows what a failed test printed.
        Flaky::Fail => print(&text),
    }
}

/// Reports how a quarantined test ended.
pub(crate) fn quarantined(name: &str, reason: &str, why: Option<&str>, log: &[AttemptLog]) {
    let mut text = format!("isolated-test: {name}: in quarantine (");
    // The reason stays on one line, so that a search for the line finds all of it.
    for letter in reason.chars() {
        text.push(if letter.is_control() { ' ' } else { letter });
    }
    text.push_str("): ");
    match why {
        None => text.push_str("passed; if it goes on like that, remove `quarantine`\n"),
        Some(why) => {
            let _ = writeln!(text, "failed, which does not count, because {why}");
            attempts(&mut text, log);
        }
    }
    aloud(&text);
}

/// Appends the outcome of each attempt and what it printed.
fn attempts(text: &mut String, log: &[AttemptLog]) {
    for (index, AttemptLog { why, printed }) in log.iter().enumerate() {
        let number = index + 1;
        let _ = match why {
            Some(why) => writeln!(text, "    attempt {number} failed, because {why}"),
            None => writeln!(text, "    attempt {number} passed"),
        };
        for line in printed.lines() {
            let _ = writeln!(text, "      | {line}");
        }
    }
}

/// Reports, past the test runner, how often a repeated test passed.
pub(crate) fn repeated(name: &str, runs: u64, failures: u64, wanted: u64, why: Option<&str>) {
    let mut text = format!(
        "isolated-test: {name}: passed {} of {runs} times; failure rate ≤ {} (95 % confidence)",
        runs - failures,
        at_most(failures, runs)
    );
    if let Some(why) = why {
        let _ = write!(text, "; the first failure: {why}");
    }
    if runs < wanted {
        let _ = write!(
            text,
            "; no further run of {wanted}, because it could not begin"
        );
    }
    text.push('\n');
    aloud(&text);
}

/// Reports the totals of all repeated tests of a process.
pub(crate) fn all_repeated(tests: u64, runs: u64, failures: u64) {
    aloud(&format!(
        "isolated-test: {tests} tests passed {} of {runs} times; failure rate ≤ {} (95 % confidence)\n",
        runs - failures,
        at_most(failures, runs)
    ));
}

/// Reports that a test cannot be repeated.
pub(crate) fn not_repeated(name: &str) {
    aloud(&format!(
        "isolated-test: {name}: `ISOLATED_REPEAT` does not apply, because another attribute calls the function \
         or judges its value\n"
    ));
}

fn times(number: usize) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        several => format!("{several} times"),
    }
}
