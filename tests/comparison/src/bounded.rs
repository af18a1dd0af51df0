//! A child that ends: by itself, or because its time is up.

use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::Result;

/// A child in a process group of its own, whose output goes to files.
pub(crate) struct Bounded {
    child: Child,
    started: Instant,
    output: tempfile::TempDir,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Ended {
    /// There is none when it had to be ended.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) time: Duration,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Whether it ended by itself, and well.
    pub(crate) fn passed(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// Its output, where it must have passed.
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

/// Waits for a condition of another process, at most until a point in time. Whether it came true.
///
/// No event announces these conditions, so they are polled.
pub(crate) fn comes_true(until: Instant, mut condition: impl FnMut() -> bool) -> bool {
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

impl Bounded {
    /// Starts it.
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

    /// Waits until it has ended, or the time since its start is up.
    pub(crate) fn wait(mut self, at_most: Duration) -> Result<Ended> {
        let mut status = Ok(None);
        comes_true(self.started + at_most, || {
            status = self.child.try_wait();
            !matches!(status, Ok(None))
        });
        let status = status?;
        let time = self.started.elapsed();
        Ok(Ended {
            status,
            time,
            stdout: self.read("stdout")?,
            stderr: self.read("stderr")?,
        })
    }

    /// Waits until it has printed a word.
    pub(crate) fn wait_for(&mut self, word: &str, at_most: Duration) -> Result<()> {
        let has_said = |this: &Self| this.read("stdout").is_ok_and(|said| said.contains(word));
        comes_true(self.started + at_most, || {
            has_said(self) || !matches!(self.child.try_wait(), Ok(None))
        });
        if has_said(self) {
            return Ok(());
        }
        let said = self.read("stderr")?;
        Err(format!("a test did not say `{word}`: {}", said.trim()).into())
    }

    /// Ends it and what is in its group with `SIGKILL`.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// Ends it alone with `SIGKILL`, and nothing that it has started.
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
        // While it is not waited for, its number is nobody else's.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = rustix::process::kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
