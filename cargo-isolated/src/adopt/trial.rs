//! Runs the affected tests several times, in two copies at once.
//!
//! Some tests fail only beside tests in the same process, and others only beside tests in other
//! processes, so there is a trial with each runner.

mod group;
mod results;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};

use self::group::{Group, groups};
use super::plan::Affected;
use crate::figures::time;
use crate::suite::Runner;

/// The number of copies that run at the same time.
const COPIES: u32 = 2;

/// The settings of a trial.
#[derive(Debug, Clone, Copy)]
pub(super) struct Runs<'a> {
    pub(super) runner: Runner,
    /// The number of runs of each copy.
    pub(super) count: u32,
    /// The time limit for a run, without the build.
    pub(super) timeout: Duration,
    /// Further arguments of Cargo.
    pub(super) words: &'a [OsString],
}

impl Runs<'_> {
    /// The time limit for a wait. It is shorter than the one for the run, so that a test that waits
    /// for ever fails with the name of the holder.
    fn lock_timeout(self) -> Duration {
        self.timeout / 2
    }
}

/// The tests that failed, by the file that was edited for them and the name of the test.
pub(super) type Failures = BTreeMap<PathBuf, BTreeMap<String, Failure>>;

/// The failed runs of a test.
#[derive(Debug, Default)]
pub(super) struct Failure {
    count: u32,
    /// The number of all runs.
    runs: u32,
    /// Whether a run timed out before the test had a result.
    is_hung: bool,
    /// The error of the test or, if the runner named no test, of the runner.
    error: Option<String>,
}

impl Failure {
    pub(super) fn describe(&self, name: &str, runs: Runs<'_>) -> String {
        let failed = if self.is_hung {
            format!("did not end within {}", time(runs.timeout))
        } else {
            "failed".to_owned()
        };
        let (count, total, runner) = (self.count, self.runs, runs.runner.name());
        let error = self.error.as_ref();
        let error = error.map_or(String::new(), |error| format!(": {error}"));
        format!("`{name}` {failed} in {count} of {total} runs of `{runner}`{error}")
    }

    fn add(&mut self, other: Failure) {
        self.count += other.count;
        self.runs += other.runs;
        self.is_hung |= other.is_hung;
        self.error = other.error.or(self.error.take());
    }
}

/// Runs the tests, and counts failures, except those of tests that failed before.
pub(super) fn run(tests: &[&Affected], runs: Runs<'_>) -> Result<Failures> {
    let groups = groups(tests);
    for group in &groups {
        group.build(runs)?;
    }
    let copy = |is_reverse: bool| -> Result<()> {
        for _ in 0..runs.count {
            for index in 0..groups.len() {
                // The second copy begins at the other end, so that different targets meet too.
                let index = if is_reverse {
                    groups.len() - 1 - index
                } else {
                    index
                };
                groups[index].run(runs)?;
            }
        }
        Ok(())
    };
    let copies: Vec<_> = thread::scope(|scope| {
        let copy = &copy;
        let copies = (0..COPIES).map(|number| scope.spawn(move || copy(number % 2 == 1)));
        let copies: Vec<_> = copies.collect();
        let joined = copies.into_iter().map(thread::ScopedJoinHandle::join);
        joined.collect()
    });
    for copy in copies {
        copy.map_err(|_| anyhow!("a thread that runs the tests panicked"))??;
    }
    let mut failures = Failures::new();
    for (test, failure) in groups.into_iter().flat_map(Group::failures) {
        let of_file = failures.entry(test.file.clone()).or_default();
        of_file.entry(test.name.clone()).or_default().add(failure);
    }
    Ok(failures)
}
