//! A running test binary: its process group, its output, and its time limit.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::group::Group;

/// The interval between calls of `must_stop`, which may read what a signal handler stores: a handler
/// can wake no thread.
const STEP: Duration = Duration::from_millis(50);

/// A process whose output goes to an unnamed file. Dropping it ends its process group.
#[must_use = "the process is ended when this is dropped"]
pub(crate) struct Process {
    group: Group,
    output: File,
}

/// The exit status and the output of a process.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    /// `None` if it was killed: it took too long, or the command had to stop.
    pub(crate) status: Option<ExitStatus>,
    /// Standard output and standard error, interleaved.
    pub(crate) output: String,
}

impl Process {
    /// Starts a process that is left running if this command is killed, for short runs.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        Self::start_with(command, Group::unguarded)
    }

    /// Starts a process that ends however this command ends.
    pub(crate) fn guarded(command: &mut Command) -> io::Result<Self> {
        Self::start_with(command, Group::spawn)
    }

    fn start_with(
        command: &mut Command,
        start: fn(&mut Command) -> io::Result<Group>,
    ) -> io::Result<Self> {
        let output = tempfile::tempfile()?;
        // All handles share one position, so both streams append.
        command.stdout(output.try_clone()?);
        command.stderr(output.try_clone()?);
        Ok(Self {
            group: start(command)?,
            output,
        })
    }

    /// Waits for the process to end. Kills it if it takes too long, or if `must_stop` returns true.
    pub(crate) fn wait(
        mut self,
        patience: Duration,
        must_stop: impl Fn() -> bool,
    ) -> io::Result<Ended> {
        let start = Instant::now();
        let status = loop {
            let left = patience.saturating_sub(start.elapsed());
            if let Some(status) = self.group.wait(left.min(STEP))? {
                break Some(status);
            }
            if left.is_zero() || must_stop() {
                self.group.end_now()?;
                break None;
            }
        };
        let mut bytes = Vec::new();
        self.output.rewind()?;
        self.output.read_to_end(&mut bytes)?;
        let output = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Ended { status, output })
    }
}
