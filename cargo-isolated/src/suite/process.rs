//! A running test binary or runner: its process group, its output, and its time limit.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::group::Group;

/// The interval between calls of `must_stop`. It may read a flag that a signal handler sets, and a
/// handler cannot wake a thread.
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
    /// `None` if the process did not end by itself.
    pub(crate) status: Option<ExitStatus>,
    /// Standard output and standard error, interleaved.
    pub(crate) output: String,
}

impl Process {
    /// Starts a process that ends however this command ends.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        let output = tempfile::tempfile()?;
        // All handles share one position, so both streams append.
        command.stdout(output.try_clone()?);
        command.stderr(output.try_clone()?);
        Ok(Self {
            group: Group::spawn(command)?,
            output,
        })
    }

    /// Waits for the process to end. Ends it if it takes too long, or if `must_stop` returns true.
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
                self.group.end()?;
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

#[cfg(all(test, unix))]
mod tests {
    use std::io::{BufRead, BufReader, Read};
    use std::process::Command;
    use std::time::Duration;

    use super::Process;

    /// Starts a process that runs forever, and checks that this way to wait for it ends it.
    #[track_caller]
    fn ends(patience: Duration, must_stop: bool) {
        let (reader, writer) = os_pipe::pipe().expect("a pipe");
        let mut command = Command::new("sh");
        let script = "echo out; echo err >&2; echo ready >&0; exec sleep 1000";
        command.args(["-c", script]).stdin(writer);
        let process = Process::start(&mut command).expect("there is a shell");
        drop(command);
        let (mut reader, mut line) = (BufReader::new(reader), String::new());
        reader.read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        let ended = process.wait(patience, || must_stop).expect("it is a child");
        assert_eq!(ended.status, None);
        assert_eq!(ended.output, "out\nerr\n");
        // The pipe stays open as long as the process runs.
        assert_eq!(reader.read(&mut [0]).expect("the end of the pipe"), 0);
    }

    #[test]
    fn a_process_ends_when_its_time_is_up() {
        ends(Duration::ZERO, false);
    }

    #[test]
    fn a_process_ends_when_it_must_stop() {
        ends(Duration::from_secs(1_000), true);
    }
}
