//! A child process with a time limit.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
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

    /// Waits until a descriptor is readable. Returns false if it is not when the child has exited, or
    /// `at_most` after the start of the child.
    pub(crate) fn waits_for(&self, other: &impl AsFd, at_most: Duration) -> Result<bool> {
        let process = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty())?;
        let left = at_most.saturating_sub(self.started.elapsed());
        let [other, end] = [other.as_fd(), process.as_fd()];
        let mut events = [other, end].map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        poll(&mut events, Some(&left.try_into()?))?;
        Ok(!events[0].revents().is_empty())
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
