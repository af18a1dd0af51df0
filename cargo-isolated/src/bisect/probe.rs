//! One probe: a test together with chosen others.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::Serialize;

use crate::interrupt;
use crate::random::Random;
use crate::suite::{Binary, Outcome, Process, Suite, TestId, outcome};

/// A way in which other tests can make a test fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Way {
    /// Before it in the same process.
    Before,
    /// At the same time in the same process, on other threads.
    Threads,
    /// At the same time in other processes.
    Processes,
}

impl Way {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Before => "before it in the same process",
            Self::Threads => "at the same time in the same process",
            Self::Processes => "at the same time in other processes",
        }
    }
}

/// A test that can be run together with others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prober<'a> {
    suite: &'a Suite,
    binary: &'a Binary,
    name: &'a str,
    /// The time after which a test has failed.
    patience: Duration,
    /// Number of other processes at once.
    jobs: usize,
}

impl<'a> Prober<'a> {
    pub(crate) fn new(
        suite: &'a Suite,
        test: &'a TestId,
        patience: Duration,
        jobs: usize,
    ) -> Result<Self> {
        Ok(Self {
            suite,
            binary: suite.binary(&test.binary).context("an unknown binary")?,
            name: &test.name,
            patience,
            jobs,
        })
    }

    /// The tests that can make this one fail.
    pub(crate) fn candidates(&self, way: Way) -> Vec<TestId> {
        let all = self.suite.tests();
        let same = |test: &TestId| test.binary == self.binary.id;
        all.filter(|test| match way {
            Way::Before => same(test) && *test.name < *self.name,
            Way::Threads => same(test) && test.name != self.name,
            Way::Processes => !same(test) || test.name != self.name,
        })
        .collect()
    }

    /// Runs the test together with others. Returns the message if it fails.
    pub(crate) fn run(&self, way: Way, others: &[TestId]) -> Result<Option<String>> {
        let outcome = match way {
            _ if others.is_empty() => self.in_process(&[], 1)?,
            Way::Before => self.in_process(others, 1)?,
            Way::Threads => self.in_process(others, threads(others.len()))?,
            Way::Processes => self.beside(others)?,
        };
        if interrupt::is_due() {
            bail!("interrupted");
        }
        Ok(match outcome {
            Outcome::Failed(message) => Some(message),
            Outcome::Passed | Outcome::Missing => None,
        })
    }

    /// Runs the test alone. Returns the message if it fails.
    pub(crate) fn alone(&self) -> Result<Option<String>> {
        match self.in_process(&[], 1)? {
            _ if interrupt::is_due() => bail!("interrupted"),
            Outcome::Passed => Ok(None),
            Outcome::Failed(message) => Ok(Some(message)),
            Outcome::Missing => bail!("`{}` does not run `{}`", self.binary.id, self.name),
        }
    }

    fn in_process(&self, others: &[TestId], threads: usize) -> Result<Outcome> {
        let names = others.iter().map(|test| &*test.name);
        let mut command = self.binary.exact(names.chain([self.name]), threads);
        let ended = Process::start(&mut command)
            .with_context(|| format!("failed to start `{}`", self.binary.executable.display()))?
            .wait(self.patience, interrupt::is_due)?;
        Ok(outcome(self.name, &ended))
    }

    /// Runs each of the others in a process, and repeats the test until they have ended.
    fn beside(&self, others: &[TestId]) -> Result<Outcome> {
        /// Others that end quickly run again for this time, so that they meet the test.
        const LEAST: Duration = Duration::from_millis(100);
        const REPEATS: usize = 5;

        let binaries = self.suite.binaries.iter();
        let binaries: BTreeMap<_, _> = binaries.map(|binary| (&*binary.id, binary)).collect();
        let mut order: Vec<_> = others.iter().collect();
        shuffle(&mut order);
        let (start, next, stop) = (Instant::now(), AtomicUsize::new(0), AtomicBool::new(false));
        let work = || {
            while !stop.load(Ordering::Relaxed) && !interrupt::is_due() {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let repeat = index / order.len();
                if repeat > 0 && (start.elapsed() > LEAST || repeat >= REPEATS) {
                    break;
                }
                let other = order[index % order.len()];
                let Some(binary) = binaries.get(&*other.binary) else {
                    continue;
                };
                // The result of another test does not matter. It runs to its end, because it may
                // have to clean up.
                if let Ok(process) = Process::start(&mut binary.exact([&*other.name], 1)) {
                    let _ = process.wait(self.patience, interrupt::is_due);
                }
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..self.jobs.min(order.len()))
                .map(|_| scope.spawn(work))
                .collect();
            let mut result = self.in_process(&[], 1);
            while matches!(result, Ok(Outcome::Passed))
                && !workers.iter().all(thread::ScopedJoinHandle::is_finished)
            {
                result = self.in_process(&[], 1);
            }
            stop.store(true, Ordering::Relaxed);
            result
        })
    }
}

/// The number of test threads for a test and a number of others.
pub(crate) fn threads(others: usize) -> usize {
    const MOST: usize = 16;
    (others + 1).min(MOST)
}

fn shuffle<T>(items: &mut [T]) {
    let mut random = Random::new(0);
    for last in (1..items.len()).rev() {
        let bound = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
        items.swap(last, usize::try_from(random.below(bound)).unwrap_or(0));
    }
}
