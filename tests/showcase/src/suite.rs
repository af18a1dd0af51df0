//! Runs one suite, alone and then many times at once, and keeps a record.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::Result;
use crate::collision::Kind;
use crate::libtest::Report;
use crate::log::Log;
use crate::options::Options;
use crate::process::{Ended, Process};
use crate::progress::Progress;

/// A suite and its test binary.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) binary: PathBuf,
    /// Whether what a failed round left in its temporary directory is kept.
    pub(crate) keep_failed: bool,
}

/// What came of a suite.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) name: &'static str,
    /// One process with one thread.
    pub(crate) alone: Runs,
    /// Several processes at the same time.
    pub(crate) together: Runs,
}

/// What came of some runs.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    /// How many tests were run.
    pub(crate) tests: usize,
    pub(crate) failures: Vec<Failure>,
    pub(crate) time: Duration,
}

/// A test that failed once.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) test: String,
    pub(crate) kind: Kind,
}

impl Record {
    /// All failures, alone or together.
    pub(crate) fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.alone.failures.iter().chain(&self.together.failures)
    }

    /// Whether anything failed.
    pub(crate) fn failed(&self) -> bool {
        self.failures().next().is_some()
    }
}

impl Suite {
    /// Runs the suite alone, then in rounds of several processes.
    pub(crate) fn measure(&self, options: &Options, log: &mut Log) -> Result<Record> {
        let progress = Progress::new();
        let name = self.name;
        let mut record = Record {
            name,
            ..Record::default()
        };

        progress.say(&format!("{name}: each test alone"));
        self.round(1, Some(1), &mut record.alone, log)?;
        for round in 1..=options.rounds {
            let Options {
                rounds,
                processes,
                threads,
            } = *options;
            let failed = record.together.failures.len();
            progress.say(&format!(
                "{name}: round {round} of {rounds}, {processes} processes at once, {failed} failed"
            ));
            self.round(processes, threads, &mut record.together, log)?;
        }
        Ok(record)
    }

    /// Runs some processes at the same time. They have one temporary directory, as on any machine;
    /// it is a fresh one, so that they collide with each other and not with what was left behind.
    fn round(
        &self,
        processes: usize,
        threads: Option<usize>,
        runs: &mut Runs,
        log: &mut Log,
    ) -> Result<()> {
        let temp = tempfile::Builder::new().prefix("showcase-").tempdir()?;
        let start = Instant::now();
        let failed_before = runs.failures.len();
        let started: Vec<_> = (0..processes)
            .map(|_| Process::start(&self.binary, threads, temp.path()))
            .collect::<Result<_, _>>()
            .map_err(|error| format!("failed to start {}: {error}", self.binary.display()))?;
        for process in started {
            let ended = process.wait()?;
            for (test, output) in runs.count(&ended)? {
                let kind = Kind::of(&output);
                log.append(&format!("{} {test}: {}", self.name, kind.name()), &output)?;
                runs.failures.push(Failure { test, kind });
            }
        }
        runs.time += start.elapsed();
        if self.keep_failed && runs.failures.len() > failed_before {
            let path = temp.keep();
            log.append("kept", &path.display().to_string())?;
        }
        Ok(())
    }
}

impl Runs {
    /// Counts the tests of one process; returns those that failed, with what they printed.
    fn count(&mut self, ended: &Ended) -> Result<Vec<(String, String)>> {
        let report = Report::parse(&ended.stdout);
        let missing = report.missing();
        self.tests += report.announced - report.ignored;
        let mut failed: Vec<_> = report.failed.into_iter().collect();
        let good = ended.status.is_some_and(|status| status.success());
        if missing > 0 || good != failed.is_empty() {
            let end = ended
                .status
                .map_or("time was up".to_owned(), |status| status.to_string());
            let output = format!("{end}\n{}\n{}", ended.stdout, ended.stderr);
            failed.push((format!("({missing} tests without a result)"), output));
        }
        if report.announced == 0 {
            return Err(format!("the suite ran no tests: {}", ended.stderr.trim()).into());
        }
        Ok(failed)
    }
}
