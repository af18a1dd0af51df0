//! Runs an ignored test of this binary in a subprocess and captures its outcome. Shared by the tests of
//! the drop-in packages.

use std::env::current_exe;
use std::process::Command;

/// How a test ended.
pub(crate) struct Ended {
    pub(crate) passed: bool,
    pub(crate) output: String,
}

/// Runs a test with the state directory of this run, where it keeps nothing.
pub(crate) fn run(name: &str) -> Ended {
    run_and_keep(name, "never")
}

/// Runs a test with a value of `ISOLATED_KEEP`.
pub(crate) fn run_and_keep(name: &str, keep: &str) -> Ended {
    let mut command = Command::new(current_exe().expect("the path of this program"));
    for variable in ["ISOLATED_RETRIES", "ISOLATED_REPEAT"] {
        command.env_remove(variable); // They would change how often the test runs.
    }
    let output = command
        .env("ISOLATED_KEEP", keep)
        .args([name, "--exact", "--ignored", "--nocapture"])
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("a process");
    let text = [output.stdout, output.stderr].concat();
    let output_text = String::from_utf8_lossy(&text).into_owned();
    assert!(
        output_text.contains("running 1 test"),
        "{name}: {output_text}"
    );
    Ended {
        passed: output.status.success(),
        output: output_text,
    }
}

impl Ended {
    /// The words that the test has printed, each on a line after `@`.
    pub(crate) fn words(&self) -> Vec<&str> {
        let lines = self.output.lines();
        lines.filter_map(|line| line.strip_prefix('@')).collect()
    }

    /// Asserts that the test failed and printed this reason.
    pub(crate) fn failed_with(&self, reason: &str) {
        assert!(!self.passed, "it passed: {}", self.output);
        assert!(
            self.output.contains(reason),
            "no {reason:?}: {}",
            self.output
        );
    }
}
