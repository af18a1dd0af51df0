//! The results of the affected tests in the output of a runner.

use std::collections::{BTreeMap, BTreeSet};

use crate::suite::Runner;
use crate::suite::libtest::{self, failed_names, output_of};
use crate::suite::nextest::Line;

/// The results of a run, by the names of the tests.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Results {
    pub(super) passed: BTreeSet<String>,
    pub(super) failed: BTreeSet<String>,
    /// The errors of isolated-test, such as a wait that took too long.
    pub(super) errors: BTreeMap<String, String>,
}

impl Results {
    /// Reads the results of the tests whose names are known.
    pub(super) fn of(runner: Runner, output: &str, is_known: impl Fn(&str) -> bool) -> Results {
        let mut results = Results::default();
        match runner {
            Runner::Libtest => results.read_libtest(output, is_known),
            Runner::Nextest => results.read_nextest(output, is_known),
        }
        results
    }

    fn read_libtest(&mut self, output: &str, is_known: impl Fn(&str) -> bool) {
        for line in output.lines() {
            let Some((name, result)) = libtest::results(line).find(|(name, _)| is_known(name))
            else {
                continue;
            };
            if result == "FAILED" {
                self.failed.insert(name.to_owned());
            } else if result == "ok" || result.starts_with("ignored") {
                self.passed.insert(name.to_owned());
            }
        }
        let failed = || failed_names(output).filter(|name| is_known(name));
        for name in failed() {
            self.failed.insert(name.to_owned());
            let printed = output_of(output, name, failed()).unwrap_or_default();
            // Notes about waits come before the error.
            let error = printed.lines().rev().find_map(error_in);
            self.errors
                .extend(error.map(|error| (name.to_owned(), error.to_owned())));
        }
    }

    fn read_nextest(&mut self, output: &str, is_known: impl Fn(&str) -> bool) {
        let lines = output.lines().filter_map(Line::parse);
        for line in lines.filter(|line| is_known(line.name) && !line.is_running()) {
            let names = if line.has_passed() {
                &mut self.passed
            } else {
                &mut self.failed
            };
            names.insert(line.name.to_owned());
        }
    }
}

/// The error in a line of isolated-test: `isolated-test: api::adds: timed out after 10s`.
fn error_in(line: &str) -> Option<&str> {
    let (_, error) = line.strip_prefix("isolated-test: ")?.split_once(": ")?;
    Some(error)
}

#[cfg(test)]
mod tests {
    use super::Results;
    use crate::suite::Runner;

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
        let output = "   Running tests/api.rs (target/debug/deps/api-1a2b)\n\nrunning 5 tests\ntest a::b ... ok\n\
                      test a - should panic ... FAILED\ntest c ... ignored, why\ntest unknown ... FAILED\n\
                      test e ... torn by a child\nFAILED\ntest d ... \n\nfailures:\n\n\
                      ---- a stdout ----\nnote: test did not panic\n\n---- e stdout ----\n\
                      isolated-test: api::e: waiting for port 80, taken by x (pid 1)\n\
                      isolated-test: api::e: timed out after 1s waiting for port 80: taken by x (pid 1)\n\
                      isolated-test: api::e failed\n    at         tests/api.rs:10\n\n\n\
                      failures:\n    a\n    e\n    unknown\n\ntest result: FAILED. 1 passed\n";
        let error = "timed out after 1s waiting for port 80: taken by x (pid 1)";
        let known = ["a", "a::b", "c", "d", "e"];
        assert_eq!(
            Results::of(Runner::Libtest, output, |name| known.contains(&name)),
            results(&["a::b", "c"], &["a", "e"], &[("e", error)])
        );
    }

    #[test]
    fn results_of_nextest_are_read() {
        let output = "    Finished `test` profile [unoptimized] target(s) in 0.01s\n────────────\n \
                      Nextest run ID 1 with nextest profile: default\n    Starting 4 tests\n        \
                      PASS [   0.003s] (1/4) shop::api orders::lists\n        SLOW [> 60.000s] (───) shop::api waits\n     \
                      Summary [   0.004s] 4 tests run\n        FAIL [   0.003s] (2/4) shop::api orders::adds\n     \
                      SIGABRT [   0.003s] (3/4) shop dies\nerror: test run failed\n";
        let known = ["dies", "orders::adds", "orders::lists", "waits"];
        assert_eq!(
            Results::of(Runner::Nextest, output, |name| known.contains(&name)),
            results(&["orders::lists"], &["dies", "orders::adds"], &[])
        );
    }
}
