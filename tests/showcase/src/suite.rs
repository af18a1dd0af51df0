//! Runs one suite, first one test at a time and then in several processes at once, and records the
//! results.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::Result;
use crate::log::Log;
use crate::options::Options;
use crate::process::Process;
use crate::progress::Progress;
use crate::runs::{Failure, Runs};

/// Minimum time without progress before a process counts as hanging. Every test of the suites takes
/// less than a tenth of this.
const PATIENCE: Duration = Duration::from_secs(4);

/// A suite and its test binary.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) binary: PathBuf,
    /// Whether to keep the temporary directory of a failed round.
    pub(crate) keep_failed: bool,
    /// Whether a process is expected to hang, and is killed before its time limit.
    pub(crate) may_hang: bool,
}

/// The results of a suite.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) name: &'static str,
    /// One test at a time: single-threaded processes, one after another.
    pub(crate) alone: Runs,
    /// Several processes at the same time.
    pub(crate) together: Runs,
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
    /// Runs the suite one test at a time, once for each process of a round. Then runs the rounds,
    /// in which several processes run the suite at once.
    pub(crate) fn measure(&self, options: &Options, log: &mut Log) -> Result<Record> {
        let progress = Progress::new();
        let name = self.name;
        let mut record = Record {
            name,
            ..Record::default()
        };
        let Options {
            rounds,
            processes,
            threads,
        } = *options;

        for run in 1..=processes {
            progress.say(&format!(
                "{name}: run {run} of {processes}, one test at a time"
            ));
            self.round(1, Some(1), None, &mut record.alone, log)?;
        }
        let patience = PATIENCE.max(record.alone.time_of_suite());
        let patience = self.may_hang.then_some(patience);
        for round in 1..=rounds {
            let failed = record.together.failures.len();
            progress.say(&format!(
                "{name}: round {round} of {rounds}, {processes} processes at once, {failed} failed"
            ));
            self.round(processes, threads, patience, &mut record.together, log)?;
        }
        Ok(record)
    }

    /// Runs `processes` at the same time. They share one temporary directory, as on any machine.
    /// The directory is fresh, so that the processes collide with each other and not with earlier
    /// leftovers. For the same reason, processes that they leave behind keep running until the
    /// round ends.
    fn round(
        &self,
        processes: usize,
        threads: Option<usize>,
        patience: Option<Duration>,
        runs: &mut Runs,
        log: &mut Log,
    ) -> Result<()> {
        let temp = tempfile::Builder::new().prefix("showcase-").tempdir()?;
        let start = Instant::now();
        let failed_before = runs.failures.len();
        let mut started: Vec<_> = (0..processes)
            .map(|_| Process::start(&self.binary, threads, temp.path()))
            .collect::<Result<_, _>>()
            .map_err(|error| format!("failed to start {}: {error}", self.binary.display()))?;
        Process::wait_for_all(&mut started, patience)?;
        for process in started {
            let ended = process.end()?;
            for (failure, output) in runs.count(&ended)? {
                let Failure { test, kind } = &failure;
                log.append(&format!("{} {test}: {}", self.name, kind.name()), &output)?;
                runs.failures.push(failure);
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
