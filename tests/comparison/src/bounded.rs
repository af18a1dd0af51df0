//! A child process with a time limit.

use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

use crate::Result;

/// A child in its own process group, with its output redirected to files. Dropping it kills the
/// group.
pub(crate) struct Bounded {
    child: Child,
    started: Instant,
    output: tempfile::TempDir,
}

/// The result of a child.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` if the child timed out and had to be killed.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) time: Duration,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Whether the child exited successfully on its own.
    pub(crate) fn passed(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// Returns the standard output, or an error with all output if the child did not pass.
    pub(crate) fn expect(self, what: &str) -> Result<String> {
        if self.passed() {
            return Ok(self.stdout);
        }
        let end = match self.status {
            None => "had to be ended".to_owned(),
            Some(status) => status.signal().map_or(status.to_string(), |signal| {
                format!("was ended by signal {signal}")
            }),
        };
        Err(format!(
            "{what} {end}\n{}\n{}",
            self.stdout.trim(),
            self.stderr.trim()
        )
        .into())
    }
}

/// Polls a condition of another process until it is true or the deadline passes. Returns whether it
/// became true.
///
/// No event announces these conditions.
pub(crate) fn comes_true(until: Instant, mut condition: impl FnMut() -> bool) -> bool {
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        // The conditions are about files and processes of others, and nobody announces those.
        thread::sleep(Duration::from_millis(1));
    }
}

impl Bounded {
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let output = tempfile::tempdir()?;
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(File::create(output.path().join("stdout"))?)
            .stderr(File::create(output.path().join("stderr"))?)
            .spawn()
            .map_err(|error| format!("failed to start {command:?}: {error}"))?;
        Ok(Bounded {
            child,
            started: Instant::now(),
            output,
        })
    }

    /// Waits for the child to exit, at most until `at_most` after its start. A child that is still
    /// running then is killed.
    pub(crate) fn wait(mut self, at_most: Duration) -> Result<Ended> {
        let mut status = self.child.try_wait()?;
        if status.is_none() {
            let process = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty())?;
            let left = at_most.saturating_sub(self.started.elapsed());
            let mut end = [PollFd::new(&process, PollFlags::IN)];
            poll(&mut end, Some(&left.try_into()?))?;
            status = self.child.try_wait()?;
        }
        let time = self.started.elapsed();
        Ok(Ended {
            status,
            time,
            stdout: self.read("stdout")?,
            stderr: self.read("stderr")?,
        })
    }

    /// Waits until the child has printed `word` to its standard output.
    pub(crate) fn wait_for(&mut self, word: &str, at_most: Duration) -> Result<()> {
        let has_printed = |this: &Self| {
            this.read("stdout")
                .is_ok_and(|printed| printed.contains(word))
        };
        comes_true(self.started + at_most, || {
            has_printed(self) || !matches!(self.child.try_wait(), Ok(None))
        });
        if has_printed(self) {
            return Ok(());
        }
        let printed = self.read("stderr")?;
        Err(format!("a test did not say `{word}`: {}", printed.trim()).into())
    }

    /// Kills the process group with `SIGKILL`.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// Kills only the child with `SIGKILL`, and none of the processes it has started.
    pub(crate) fn kill_alone(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn read(&self, name: &str) -> Result<String> {
        let bytes = fs::read(self.output.path().join(name))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        // A child that has not been reaped keeps its process id, so the id cannot belong to anybody
        // else.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = rustix::process::kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
