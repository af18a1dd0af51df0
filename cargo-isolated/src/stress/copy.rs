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

    use tempfile::TempDir;

    use super::{Copy, Lines, is_waiting};
    use crate::stress::results::{Ended, How};

    const LONG: Duration = Duration::from_secs(1_000);

    /// Starts a script, with the directory of its output.
    fn start(script: &str) -> (Copy, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let lines = Lines::start(&folder.path().join("output")).unwrap();
        (Copy::start(command, lines).unwrap(), folder)
    }

    fn ended(script: &str) -> Ended {
        let (mut copy, _folder) = start(script);
        while !copy.wait(LONG, LONG).unwrap() {}
        copy.end().unwrap().0
    }

    #[test]
    fn every_end_is_known_with_all_that_was_printed() {
        let all = ended("echo out; echo err >&2; echo out");
        assert_eq!(all.output, "out\nerr\nout\n");
        assert_eq!(all.how, How::Well);
        assert_eq!(ended("exit 3").how, How::Badly("exit status 3".to_owned()));
        let killed = "signal 9 (SIGKILL)".to_owned();
        assert_eq!(ended("kill -s KILL $$").how, How::Badly(killed));
    }

    #[test]
    fn a_suite_without_progress_is_ended() {
        let (mut copy, _folder) =
            start("echo '        SLOW [> 60.000s] (───) x::y a'; exec sleep 1000");
        let begun = copy.last;
        while copy.results.is_empty() {
            assert!(!copy.wait(Duration::from_millis(1), LONG).unwrap());
        }
        assert_eq!(copy.last, begun, "the line shows no progress");
        assert!(copy.wait(Duration::ZERO, Duration::ZERO).unwrap());
        assert_eq!(copy.end().unwrap().0.how, How::Hung(0));
    }

    #[test]
    fn lines_about_slow_tests_are_no_progress() {
        assert!(is_waiting(""));
        assert!(is_waiting("test a has been running for over 60 seconds"));
        assert!(is_waiting("        SLOW [> 60.000s] (───) x::y a"));
        assert!(!is_waiting("test a ... ok"));
    }
}
