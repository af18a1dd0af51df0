//! One run of the suite: its process, its output, and whether it makes progress.

use std::io;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use super::lines::{Line, Lines};
use crate::group::Group;
use crate::stress::results::{Ended, How};

/// A running suite. Dropping it ends the suite.
#[must_use = "the suite is ended when this is dropped"]
pub(crate) struct Copy {
    group: Group,
    lines: Lines,
    /// The time of the last line that shows progress.
    last: Instant,
    /// The lines that may be results of nextest.
    results: Vec<Line>,
    how: Option<How>,
}

impl Copy {
    /// Starts a command with this output.
    pub(crate) fn start(mut command: Command, lines: Lines) -> io::Result<Self> {
        command.stdout(lines.writer()?).stderr(lines.writer()?);
        Ok(Self {
            group: Group::spawn(&mut command)?,
            lines,
            last: Instant::now(),
            results: Vec::new(),
            how: None,
        })
    }

    /// Waits for the run to end, but at most for `time`, and returns whether it has ended. Ends it if
    /// it makes no progress for `patience`.
    pub(crate) fn wait(&mut self, time: Duration, patience: Duration) -> io::Result<bool> {
        if self.how.is_none() {
            self.how = self.group.wait(time)?.map(how);
        }
        for line in self.lines.take() {
            let (time, text) = &line;
            if !is_waiting(text) {
                self.last = *time;
            }
            if may_be_result(text) {
                self.results.push(line);
            }
        }
        if self.how.is_none() && self.last.elapsed() > patience {
            self.how = Some(How::Hung(patience.as_secs()));
            self.group.end()?;
        }
        Ok(self.how.is_some())
    }

    /// How the run ended with its output, and the lines that may be results of nextest. Cuts the run
    /// off if it has not ended.
    pub(crate) fn end(mut self) -> io::Result<(Ended, Vec<Line>)> {
        self.group.end()?;
        let (output, last) = self.lines.end()?;
        let last = last.into_iter().filter(|(_, text)| may_be_result(text));
        self.results.extend(last);
        let how = self.how.unwrap_or(How::CutOff);
        Ok((Ended { how, output }, self.results))
    }
}

/// Whether the line may be `PASS [   0.005s] ( 1/14) package::binary module::name`.
fn may_be_result(line: &str) -> bool {
    line.contains("s] ")
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

    use super::{Copy, Lines, is_waiting};
    use crate::stress::results::{Ended, How};

    fn run(script: &str, patience: Duration) -> Ended {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let lines = Lines::start(&folder.path().join("output")).unwrap();
        let mut copy = Copy::start(command, lines).unwrap();
        while !copy.wait(patience, patience).unwrap() {}
        copy.end().unwrap().0
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
        // Empty lines are no progress.
        let ended = run(
            "while :; do echo; sleep 0.01; done",
            Duration::from_millis(100),
        );
        assert_eq!(ended.how, How::Hung(0));
    }

    #[test]
    fn lines_about_slow_tests_are_no_progress() {
        assert!(is_waiting("test a has been running for over 60 seconds"));
        assert!(is_waiting("        SLOW [> 60.000s] (───) x::y a"));
        assert!(!is_waiting("test a ... ok"));
    }
}
