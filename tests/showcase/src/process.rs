//! One process of a suite: started, bounded in time, never left behind.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use tempfile::TempDir;

/// A suite takes seconds; this is for one that hangs.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// A running process, which is killed when dropped.
#[must_use = "the process is killed when it is dropped"]
pub(crate) struct Process {
    child: Child,
    started: Instant,
    output: TempDir,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Unset where the time was up.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    /// Starts a test binary, with `temp` as the temporary directory of its system.
    pub(crate) fn start(binary: &Path, threads: Option<usize>, temp: &Path) -> io::Result<Self> {
        let output = tempfile::tempdir()?;
        let mut command = Command::new(binary);
        command
            .arg("--color=never")
            .args(threads.map(|threads| format!("--test-threads={threads}")))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .envs(["TMPDIR", "TMP", "TEMP", "SHOP_DATA"].map(|name| (name, temp)))
            .env("RUST_BACKTRACE", "0")
            .env_remove("RUST_TEST_NOCAPTURE")
            .stdin(Stdio::null())
            .stdout(File::create(output.path().join("stdout"))?)
            .stderr(File::create(output.path().join("stderr"))?);
        // A group of its own, so that the servers it starts can be killed with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Ok(Self {
            child: command.spawn()?,
            started: Instant::now(),
            output,
        })
    }

    /// Waits for the end, or until the time is up.
    pub(crate) fn wait(mut self) -> io::Result<Ended> {
        let status = loop {
            let status = self.child.try_wait()?;
            if status.is_some() || self.started.elapsed() > TIME_LIMIT {
                break status;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let read = |name| fs::read(self.output.path().join(name));
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Ended {
            status,
            stdout: read("stdout").map(text)?,
            stderr: read("stderr").map(text)?,
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        #[cfg(unix)]
        let _ = rustix::process::kill_process_group(
            rustix::process::Pid::from_child(&self.child),
            rustix::process::Signal::KILL,
        );
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
