//! The results that the runners print.

use std::collections::{BTreeMap, BTreeSet};

use super::process::Ended;
use crate::suite::Runner;

/// The statuses of nextest for a test that has passed.
const PASSED: [&str; 2] = ["PASS", "LEAK"];

/// The statuses of nextest for a test that has no result yet.
const RUNNING: [&str; 3] = ["SLOW", "TERMINATING", "TERMINATN"];

/// The results of a run, by the names of the tests.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Results {
    pub(super) passed: BTreeSet<String>,
    pub(super) failed: BTreeSet<String>,
    /// The errors of isolated-test, such as a wait that took too long.
    pub(super) errors: BTreeMap<String, String>,
}

impl Results {
    pub(super) fn of(runner: Runner, ended: &Ended) -> Results {
        match runner {
            Runner::Libtest => Results::of_libtest(&ended.stdout),
            Runner::Nextest => Results::of_nextest(&ended.stderr),
        }
    }

    /// Reads `test orders::adds ... FAILED`, and the output of failed tests below it.
    fn of_libtest(printed: &str) -> Results {
        let mut results = Results::default();
        let mut output_of = None;
        for line in printed.lines() {
            let header = line.strip_prefix("---- ");
            if let Some(name) = header.and_then(|line| line.strip_suffix(" stdout ----")) {
                output_of = Some(name);
            }
            let error = line
                .strip_prefix("isolated-test: ")
                .and_then(|line| line.split_once(": "));
            if let (Some(name), Some((_, error))) = (output_of, error) {
                results.errors.insert(name.to_owned(), error.to_owned());
            }
            let Some((name, result)) = line
                .strip_prefix("test ")
                .and_then(|line| line.split_once(" ... "))
            else {
                continue;
            };
            let name = name
                .strip_suffix(" - should panic")
                .unwrap_or(name)
                .to_owned();
            if result.starts_with("FAILED") {
                results.failed.insert(name);
            } else if result.starts_with("ok") || result.starts_with("ignored") {
                results.passed.insert(name);
            }
        }
        results
    }

    /// Reads `FAIL [   0.003s] (1/2) shop::api orders::adds`.
    fn of_nextest(printed: &str) -> Results {
        let mut results = Results::default();
        for line in printed.lines() {
            let mut words = line.split_whitespace();
            let is_status = |word: &&str| {
                word.chars()
                    .all(|letter| letter.is_ascii_uppercase() || letter == '-')
            };
            let Some(status) = words.next().filter(is_status) else {
                continue;
            };
            if !line.contains('[') || RUNNING.contains(&status) {
                continue;
            }
            let names = if PASSED.contains(&status) {
                &mut results.passed
            } else {
                &mut results.failed
            };
            names.extend(words.last().map(str::to_owned));
        }
        results
    }
}

#[cfg(test)]
mod tests {
    use super::Results;

    fn results(passed: &[&str], failed: &[&str], errors: &[(&str, &str)]) -> Results {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let errors = errors
            .iter()
            .map(|(name, error)| ((*name).to_owned(), (*error).to_owned()));
        Results {
            passed: owned(passed),
            failed: owned(failed),
            errors: errors.collect(),
        }
    }

    #[test]
    fn results_of_libtest_are_read() {
        let printed = "\nrunning 4 tests\ntest a::b ... ok\ntest a - should panic ... FAILED\ntest c ... ignored, why\n\
                       test e ... FAILED\ntest d ... \nfailures:\n\n---- a stdout ----\nnote: test did not panic\n\n\
                       ---- e stdout ----\nisolated-test: api::e: timed out after 1s waiting for port 80: taken by x (pid 1)\n\
                       isolated-test: api::e failed\n    at         tests/api.rs:10\n";
        let error = "timed out after 1s waiting for port 80: taken by x (pid 1)";
        assert_eq!(
            Results::of_libtest(printed),
            results(&["a::b", "c"], &["a", "e"], &[("e", error)])
        );
    }

    #[test]
    fn results_of_nextest_are_read() {
        let printed = "    Finished `test` profile [unoptimized] target(s) in 0.01s\n────────────\n \
                       Nextest run ID 1 with nextest profile: default\n    Starting 4 tests\n        \
                       PASS [   0.003s] (1/4) shop::api orders::lists\n        SLOW [> 60.000s] (───) shop::api waits\n     \
                       Summary [   0.004s] 4 tests run\n        FAIL [   0.003s] (2/4) shop::api orders::adds\n     \
                       SIGABRT [   0.003s] (3/4) shop dies\nerror: test run failed\n";
        assert_eq!(
            Results::of_nextest(printed),
            results(&["orders::lists"], &["dies", "orders::adds"], &[])
        );
    }
}
