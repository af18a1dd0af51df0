//! One run of the suite: its process, its output in a file, whether it makes progress, and when each
//! line came.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::group::Group;
use crate::stress::results::{Ended, How};

/// A running suite. Dropping it ends the suite.
#[must_use = "the suite is ended when this is dropped"]
pub(crate) struct Copy {
    group: Group,
    path: PathBuf,
    /// Reads the output incrementally.
    output: File,
    /// The start of an incomplete last line.
    begun: Vec<u8>,
    last: Instant,
    /// The lines that look like results, and when they came.
    results: Vec<(Instant, String)>,
    how: Option<How>,
}

impl Copy {
    /// Starts a command whose output goes to the file `path`.
    pub(crate) fn start(mut command: Command, path: &Path) -> io::Result<Self> {
        // Both streams append to one file, which keeps Cargo's announcements in order with the
        // output of the tests.
        let file = File::options().create(true).append(true).open(path)?;
        command.stdout(file.try_clone()?).stderr(file);
        Ok(Self {
            group: Group::spawn(&mut command)?,
            path: path.to_owned(),
            output: File::open(path)?,
            begun: Vec::new(),
            last: Instant::now(),
            results: Vec::new(),
            how: None,
        })
    }

    /// Whether the run has ended. Ends it if it makes no progress for `patience`.
    pub(crate) fn is_over(&mut self, patience: Duration) -> io::Result<bool> {
        if self.how.is_none() {
            self.how = self.group.ended()?.map(how);
        }
        if self.how.is_none() && !self.gets_on()? && self.last.elapsed() > patience {
            self.how = Some(How::Hung(patience.as_secs()));
            self.group.end()?;
        }
        Ok(self.how.is_some())
    }

    /// Whether a new line since the last call shows progress rather than waiting.
    fn gets_on(&mut self) -> io::Result<bool> {
        self.output.read_to_end(&mut self.begun)?;
        let end = self.begun.iter().rposition(|byte| *byte == b'\n');
        let lines: Vec<_> = self.begun.drain(..end.map_or(0, |end| end + 1)).collect();
        let lines = String::from_utf8_lossy(&lines);
        let gets_on = lines.lines().any(|line| !is_waiting(line));
        let now = Instant::now();
        let results = lines.lines().filter(|line| line.contains("s] "));
        self.results
            .extend(results.map(|line| (now, line.to_owned())));
        if gets_on {
            self.last = now;
        }
        Ok(gets_on)
    }

    /// The lines that may be results of nextest, and when they came.
    pub(crate) fn take_results(&mut self) -> io::Result<Vec<(Instant, String)>> {
        self.gets_on()?;
        Ok(std::mem::take(&mut self.results))
    }

    /// Returns how the run ended and its output. Cuts it off if it is still running.
    pub(crate) fn end(mut self) -> io::Result<Ended> {
        self.group.end()?;
        let output = fs::read(&self.path)?;
        Ok(Ended {
            how: self.how.take().unwrap_or(How::CutOff),
            output: String::from_utf8_lossy(&output).into_owned(),
        })
    }
}

/// Whether the line is one of those that the runners repeat for slow tests.
fn is_waiting(line: &str) -> bool {
    line.trim().is_empty()
        || line.trim_start().starts_with("SLOW [")
        || line.ends_with(" has been running for over 60 seconds")
}

fn how(status: ExitStatus) -> How {
    if status.success() {
        return How::Well;
    }
    // `exit status: 101`, `signal: 9 (SIGKILL)`
    How::Badly(status.to_string().replacen(": ", " ", 1))
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::Copy;
    use crate::stress::results::{Ended, How};

    fn run(script: &str, patience: Duration) -> Ended {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let mut copy = Copy::start(command, &folder.path().join("output")).unwrap();
        while !copy.is_over(patience).unwrap() {
            std::thread::yield_now();
        }
        copy.end().unwrap()
    }

    #[test]
    fn every_end_is_known_with_all_that_was_printed() {
        const LONG: Duration = Duration::from_secs(1_000);
        let ended = run("echo out; echo err >&2; echo out", LONG);
        assert_eq!(ended.output, "out\nerr\nout\n");
        assert_eq!(ended.how, How::Well);
        let ended = run("exit 3", LONG);
        assert_eq!(ended.how, How::Badly("exit status 3".to_owned()));
        let ended = run("kill -s KILL $$", LONG);
        assert_eq!(ended.how, How::Badly("signal 9 (SIGKILL)".to_owned()));
    }

    #[test]
    fn a_suite_in_which_nothing_happens_is_ended() {
        let ended = run("echo; sleep 1000", Duration::ZERO);
        assert_eq!(ended.how, How::Hung(0));
    }

    #[test]
    fn that_a_test_takes_long_is_nothing_that_happens() {
        let gets_on = |line: &str| {
            let folder = tempfile::tempdir().unwrap();
            let mut command = Command::new("echo");
            command.arg(line);
            let mut copy = Copy::start(command, &folder.path().join("output")).unwrap();
            while copy.group.ended().unwrap().is_none() {
                std::thread::yield_now();
            }
            copy.gets_on().unwrap()
        };
        assert!(!gets_on("test a has been running for over 60 seconds"));
        assert!(!gets_on("        SLOW [> 60.000s] (───) x::y a"));
        assert!(gets_on("test a ... ok"));
    }
}
