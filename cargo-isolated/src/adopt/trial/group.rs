//! The affected tests of one target, and their runs.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};

use super::results::Results;
use super::{Failure, Runs};
use crate::adopt::plan::Affected;
use crate::cargo;
use crate::suite::{Ended, Process, Runner};

/// The affected tests of one target.
#[derive(Debug)]
pub(super) struct Group<'a> {
    arguments: Vec<&'a str>,
    tests: Vec<&'a Affected>,
    record: Mutex<Record>,
    /// Whether the tests hang. Further runs would only take as long.
    is_hung: AtomicBool,
}

/// The runs of a group so far.
#[derive(Debug, Default)]
struct Record {
    runs: u32,
    /// By the index of the test.
    failures: BTreeMap<usize, Failure>,
}

/// Groups tests by target.
pub(super) fn groups<'a>(tests: &[&'a Affected]) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<_, Vec<&Affected>> = BTreeMap::new();
    for test in tests {
        let group = groups.entry((&test.package, &test.target)).or_default();
        group.push(test);
    }
    let group = |((package, target), tests): ((&'a String, &'a cargo::Target), _)| {
        let mut arguments = vec!["--package", package];
        arguments.extend(target.arguments());
        Group {
            arguments,
            tests,
            record: Mutex::default(),
            is_hung: AtomicBool::new(false),
        }
    };
    groups.into_iter().map(group).collect()
}

impl Affected {
    /// Whether a name that the runner prints is this test or one of its cases.
    fn is(&self, name: &str) -> bool {
        name.strip_prefix(self.name.as_str())
            .is_some_and(|rest| rest.is_empty() || (self.has_cases && rest.starts_with("::")))
    }

    fn is_in(&self, names: &BTreeSet<String>) -> bool {
        names.iter().any(|name| self.is(name))
    }
}

impl<'a> Group<'a> {
    /// Builds the tests, so that the time limit does not include that. The runs report any error.
    pub(super) fn build(&self, runs: Runs<'_>) -> Result<()> {
        let mut command = self.command(runs.runner);
        command.arg("--no-run").args(runs.words);
        let output = command.output();
        output.map(drop).context("failed to start Cargo")
    }

    /// Runs the tests once and records those that failed. Does nothing if the tests hang.
    pub(super) fn run(&self, runs: Runs<'_>) -> Result<()> {
        let is_hung = || self.is_hung.load(Ordering::Relaxed);
        if is_hung() {
            return Ok(());
        }
        let mut command = self.command(runs.runner);
        command.args(runs.words);
        self.add_tests(runs.runner, &mut command);
        if env::var_os("ISOLATED_LOCK_TIMEOUT").is_none() {
            let timeout = runs.lock_timeout().as_millis().max(1);
            command.env("ISOLATED_LOCK_TIMEOUT", format!("{timeout}ms"));
        }
        let begun = Instant::now();
        let process = Process::start(command.stdin(Stdio::null()));
        let ended = process.and_then(|process| process.wait(runs.timeout, is_hung));
        let ended = ended.context("failed to run Cargo")?;
        // The run of another copy has hung, and this one was stopped.
        if ended.status.is_none() && is_hung() {
            return Ok(());
        }
        let failed = self.failed(runs.runner, &ended);
        let is_slow = begun.elapsed() >= runs.lock_timeout();
        if ended.status.is_none() || (is_slow && !failed.is_empty()) {
            self.is_hung.store(true, Ordering::Relaxed);
        }
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        record.runs += 1;
        for (index, failure) in failed {
            record.failures.entry(index).or_default().add(failure);
        }
        Ok(())
    }

    /// The tests that failed in a run, by their indices.
    fn failed(&self, runner: Runner, ended: &Ended) -> Vec<(usize, Failure)> {
        if ended.status.is_some_and(|status| status.success()) {
            return Vec::new();
        }
        let is_hung = ended.status.is_none();
        let is_known = |name: &str| self.tests.iter().any(|test| test.is(name));
        let results = Results::of(runner, &ended.output, is_known);
        let has_failed = |test: &Affected| test.is_in(&results.failed);
        let has_result = |test: &Affected| has_failed(test) || test.is_in(&results.passed);
        // A process that dies or is killed takes the tests with it that have no result yet, or all
        // of them if it has reported only passed ones.
        let names_no_failure = results.failed.is_empty();
        let all_passed = names_no_failure && self.tests.iter().all(|test| has_result(test));
        let is_lost =
            |test: &Affected| (is_hung || names_no_failure) && (all_passed || !has_result(test));
        let tests = self.tests.iter().enumerate();
        let failed = tests.filter(|(_, test)| !test.failed && (has_failed(test) || is_lost(test)));
        let failure = |(index, test): (usize, &&Affected)| {
            let mut errors = results.errors.iter();
            let error = errors.find(|(name, _)| test.is(name));
            let of_runner =
                (names_no_failure && !is_hung).then(|| cargo::errors_in(&ended.output).to_owned());
            let failure = Failure {
                count: 1,
                runs: 0,
                is_hung: is_hung && !has_failed(test),
                error: error.map(|(_, error)| error.clone()).or(of_runner),
            };
            (index, failure)
        };
        failed.map(failure).collect()
    }

    /// The tests that failed, with their runs.
    pub(super) fn failures(self) -> Vec<(&'a Affected, Failure)> {
        let record = self.record.into_inner();
        let Record { runs, failures } = record.unwrap_or_else(PoisonError::into_inner);
        let failures = failures.into_iter();
        let failures =
            failures.map(|(index, failure)| (self.tests[index], Failure { runs, ..failure }));
        failures.collect()
    }

    fn command(&self, runner: Runner) -> Command {
        let mut command = cargo::command();
        match runner {
            Runner::Libtest => command.args(["test", "--quiet"]),
            Runner::Nextest => command.args(["nextest", "run"]),
        };
        command.args(&self.arguments);
        command
    }

    /// Adds the arguments that choose the tests and the form of the results.
    fn add_tests(&self, runner: Runner, command: &mut Command) {
        match runner {
            Runner::Nextest => {
                command.args(["--no-fail-fast", "--retries=0", "--color=never"]);
                command.args(["--status-level=pass", "--final-status-level=fail"]);
                command.args(["--failure-output=never", "--success-output=never"]);
                let names = self.tests.iter().map(|test| {
                    let name = &test.name;
                    let cases = format!(" + test(#{name}::*)");
                    format!("test(={name}){}", if test.has_cases { &cases } else { "" })
                });
                command.arg("-E").arg(names.collect::<Vec<_>>().join(" + "));
            }
            Runner::Libtest => {
                let names = self.tests.iter().map(|test| test.name.as_str());
                let exact = self.tests.iter().all(|test| !test.has_cases);
                command.args(["--", "--format=pretty", "--color=never"]);
                command.args(exact.then_some("--exact")).args(names);
            }
        }
    }
}
