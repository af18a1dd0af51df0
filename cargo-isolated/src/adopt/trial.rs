//! Runs the affected tests several times, in two copies at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, anyhow};

use super::plan::Affected;
use super::project::Project;
use crate::cargo;

/// How many copies run at the same time.
pub(super) const COPIES: u32 = 2;

/// How to run the tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Runs<'a> {
    /// How often each copy runs each test.
    pub(super) count: u32,
    pub(super) has_nextest: bool,
    /// Further arguments of Cargo.
    pub(super) words: &'a [OsString],
}

/// The affected tests of one target.
#[derive(Debug)]
struct Group<'a> {
    arguments: Vec<&'a str>,
    tests: Vec<&'a Affected>,
}

/// The tests that failed, by the file that was edited for them and the name of the test.
pub(super) type Failures = BTreeMap<PathBuf, BTreeMap<String, Failure>>;

/// How a test failed.
#[derive(Debug, Default)]
pub(super) struct Failure {
    pub(super) count: u32,
    /// What the runner printed, if it named no test.
    pub(super) of_runner: Option<String>,
}

/// A test that failed in a run.
struct Failed {
    file: PathBuf,
    test: String,
    of_runner: Option<String>,
}

/// Runs the tests, and counts failures, except those of tests that failed before.
pub(super) fn run(project: &Project, tests: &[&Affected], runs: Runs<'_>) -> Result<Failures> {
    let groups = groups(tests);
    let copy = |is_reverse: bool| -> Result<Vec<Failed>> {
        let mut failed = Vec::new();
        for _ in 0..runs.count {
            for index in 0..groups.len() {
                // The second copy begins at the other end, so that different targets meet too.
                let index = if is_reverse {
                    groups.len() - 1 - index
                } else {
                    index
                };
                failed.extend(groups[index].run(project, runs)?);
            }
        }
        Ok(failed)
    };
    let copies: Vec<_> = thread::scope(|scope| {
        let copy = &copy;
        let copies = (0..COPIES).map(|number| scope.spawn(move || copy(number % 2 == 1)));
        let copies: Vec<_> = copies.collect();
        let joined = copies.into_iter().map(thread::ScopedJoinHandle::join);
        joined.collect()
    });
    let mut failures = Failures::new();
    for copy in copies {
        for failed in copy.map_err(|_| anyhow!("a thread that runs the tests panicked"))?? {
            let failures = failures.entry(failed.file).or_default();
            let failure = failures.entry(failed.test).or_default();
            failure.count += 1;
            failure.of_runner = failed.of_runner;
        }
    }
    Ok(failures)
}

fn groups<'a>(tests: &[&'a Affected]) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<_, Vec<&Affected>> = BTreeMap::new();
    for test in tests {
        let group = groups.entry((&test.package, &test.target)).or_default();
        group.push(test);
    }
    let group = |((package, target), tests): ((&'a String, &'a cargo::Target), _)| {
        let mut arguments = vec!["--package", package];
        arguments.extend(target.arguments());
        Group { arguments, tests }
    };
    groups.into_iter().map(group).collect()
}

impl Affected {
    /// Whether a name that the runner prints is this test or one of its cases.
    fn is(&self, name: &str) -> bool {
        name.strip_prefix(self.name.as_str())
            .is_some_and(|rest| rest.is_empty() || (self.has_cases && rest.starts_with("::")))
    }
}

impl Group<'_> {
    /// Runs the tests once; returns those that failed.
    fn run(&self, project: &Project, runs: Runs<'_>) -> Result<Vec<Failed>> {
        let mut command = self.command(runs);
        command.args(runs.words).current_dir(&project.root);
        if !runs.has_nextest {
            command.arg("--").args(self.filters());
        }
        let output = command.output().context("failed to start Cargo")?;
        if output.status.success() {
            return Ok(Vec::new());
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (passed, failed) = if runs.has_nextest {
            (BTreeSet::new(), of_nextest(&text(&output.stderr)))
        } else {
            of_libtest(&text(&output.stdout))
        };
        let is_known = !failed.is_empty();
        let has_failed = |test: &Affected| {
            let is_in = |names: &BTreeSet<String>| names.iter().any(|name| test.is(name));
            // A process that dies takes the tests with it that have no result yet.
            is_in(&failed) || (!is_known && !is_in(&passed))
        };
        let tests = self
            .tests
            .iter()
            .filter(|test| !test.failed && has_failed(test));
        let errors = text(&output.stderr);
        let begin = errors.find("error").unwrap_or_default();
        let of_runner = (!is_known).then(|| errors[begin..].trim().to_owned());
        let failed = tests.map(|test| Failed {
            file: test.file.clone(),
            test: test.name.clone(),
            of_runner: of_runner.clone(),
        });
        Ok(failed.collect())
    }

    fn command(&self, runs: Runs<'_>) -> Command {
        let mut command = cargo::command();
        if runs.has_nextest {
            command.args([
                "nextest",
                "run",
                "--no-fail-fast",
                "--retries=0",
                "--color=never",
            ]);
            command.args(["--status-level=none", "--final-status-level=fail"]);
            command.args(["--failure-output=never", "--success-output=never"]);
            let names = self.tests.iter().map(|test| {
                let name = &test.name;
                let cases = format!(" + test(#{name}::*)");
                format!("test(={name}){}", if test.has_cases { &cases } else { "" })
            });
            command.arg("-E").arg(names.collect::<Vec<_>>().join(" + "));
        } else {
            command.args(["test", "--quiet"]);
        }
        command.args(&self.arguments);
        command
    }

    /// The arguments of libtest.
    fn filters(&self) -> Vec<&str> {
        let names = self.tests.iter().map(|test| test.name.as_str());
        let exact = self.tests.iter().all(|test| !test.has_cases);
        let options = ["--format=pretty", "--color=never"];
        let exact = exact.then_some("--exact");
        options.into_iter().chain(exact).chain(names).collect()
    }
}

/// The tests that libtest reports: `test orders::adds ... FAILED`.
fn of_libtest(printed: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut passed, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for line in printed.lines() {
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
            failed.insert(name);
        } else if result.starts_with("ok") || result.starts_with("ignored") {
            passed.insert(name);
        }
    }
    (passed, failed)
}

/// The tests that nextest reports at the end: `FAIL [   0.003s] (1/2) shop::api orders::adds`.
fn of_nextest(printed: &str) -> BTreeSet<String> {
    let mut failed = BTreeSet::new();
    for line in printed.lines() {
        let mut words = line.split_whitespace();
        let is_status = |word: &str| {
            word.chars()
                .all(|letter| letter.is_ascii_uppercase() || letter == '-')
        };
        let status = words.next().filter(|word| is_status(word));
        if status.is_some() && line.contains('[') {
            failed.extend(words.last().map(str::to_owned));
        }
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::{of_libtest, of_nextest};

    #[test]
    fn results_of_libtest_are_read() {
        let printed = "\nrunning 3 tests\ntest a::b ... ok\ntest a - should panic ... FAILED\ntest c ... ignored, why\n\
                       test d ... \nfailures:\n";
        let (passed, failed) = of_libtest(printed);
        assert_eq!(passed.into_iter().collect::<Vec<_>>(), ["a::b", "c"]);
        assert_eq!(failed.into_iter().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn results_of_nextest_are_read() {
        let printed = "    Finished `test` profile [unoptimized] target(s) in 0.01s\n────────────\n \
                       Nextest run ID 1 with nextest profile: default\n    Starting 2 tests\n     Summary [   0.004s] 2 tests run\n        \
                       FAIL [   0.003s] (1/2) shop::api orders::adds\n     SIGABRT [   0.003s] (2/2) shop dies\n\
                       error: test run failed\n";
        assert_eq!(
            of_nextest(printed).into_iter().collect::<Vec<_>>(),
            ["dies", "orders::adds"]
        );
    }
}
