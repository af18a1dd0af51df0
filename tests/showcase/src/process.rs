//! One process of a suite, with a time limit. Neither it nor its children outlive their owner.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use tempfile::TempDir;

use crate::group::Group;
use crate::libtest;

/// Time limit of a suite. A suite takes seconds, so this only ends one that would never finish.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// A running process. Dropping it kills the process and everything it has started.
#[must_use = "the process is killed when it is dropped"]
pub(crate) struct Process {
    group: Group,
    child: Child,
    started: Instant,
    /// Size of its standard output, and the time at which it last grew.
    printed: (u64, Instant),
    output: TempDir,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` if the process timed out.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    /// Starts a test binary with `temp` as its temporary directory.
    pub(crate) fn start(binary: &Path, threads: Option<usize>, temp: &Path) -> io::Result<Self> {
        let output = tempfile::tempdir()?;
        let mut command = Command::new(binary);
        command
            .args(libtest::ARGUMENTS)
            .args(threads.map(|threads| format!("--test-threads={threads}")))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .envs(["TMPDIR", "TMP", "TEMP", "SHOP_DATA"].map(|name| (name, temp)))
            .envs([libtest::VARIABLE, ("RUST_BACKTRACE", "0")])
            .env_remove("RUST_TEST_NOCAPTURE")
            .stdin(Stdio::null())
            .stdout(File::create(output.path().join("stdout"))?)
            .stderr(File::create(output.path().join("stderr"))?);
        let (child, group) = Group::spawn(&mut command)?;
        Ok(Self {
            group,
            child,
            started: Instant::now(),
            printed: (0, Instant::now()),
            output,
        })
    }

    /// Waits until each process has ended, timed out, or made no progress for `patience`. Processes
    /// they have left behind keep running.
    pub(crate) fn wait_for_all(all: &mut [Self], patience: Option<Duration>) -> io::Result<()> {
        let mut running: Vec<_> = all.iter_mut().collect();
        while !running.is_empty() {
            thread::sleep(Duration::from_millis(5));
            for index in (0..running.len()).rev() {
                if running[index].is_over(patience)? {
                    running.remove(index);
                }
            }
        }
        Ok(())
    }

    fn is_over(&mut self, patience: Option<Duration>) -> io::Result<bool> {
        let printed = fs::metadata(self.output.path().join("stdout"))?.len();
        if printed != self.printed.0 {
            self.printed = (printed, Instant::now());
        }
        Ok(self.group.has_ended(&mut self.child)?
            || patience.is_some_and(|patience| self.printed.1.elapsed() > patience)
            || self.started.elapsed() > TIME_LIMIT)
    }

    /// Kills the process if it is still running, and everything it has left behind.
    pub(crate) fn end(mut self) -> io::Result<Ended> {
        let in_time = self.group.has_ended(&mut self.child)?;
        self.group.kill(&mut self.child);
        let status = self.child.wait()?;
        let read = |name| fs::read(self.output.path().join(name));
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Ended {
            status: in_time.then_some(status),
            stdout: read("stdout").map(text)?,
            stderr: read("stderr").map(text)?,
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.group.kill(&mut self.child);
        let _ = self.child.wait();
    }
}
