//! A program that runs for a test.

use std::fmt;
use std::io;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ready::Goal;
use super::watched::{State, Watched};
use crate::config;
use crate::error::{BoxError, Error, ErrorKind};
use crate::os::listener::listener_of;
use crate::os::supervised::{self, Supervised};
use crate::report;

/// A running [`Service`](crate::Service).
///
/// Clones are handles to the same program.
#[derive(Clone)]
pub struct Running {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    program: Supervised,
    watched: Arc<Watched>,
    grace: Duration,
}

/// The shortest and the longest pause between two checks whether a program has reached its goal.
///
/// The kernel reports neither that a process listens (netlink reports only the end of a socket) nor
/// that a server would answer. inotify reports new files, but only on Linux, not on network file
/// systems, and not before the directory exists, so their paths would have to be checked all the same.
/// The longest pause is too short to be noticed, and a check takes far less time.
const READY_POLL: [Duration; 2] = [Duration::from_micros(200), Duration::from_millis(20)];

/// Between these two, a pause is this part of the time that has passed. So a program that starts fast
/// is noticed early, and one that starts slowly is not checked thousands of times.
const READY_PART: u32 = 16;

/// How long killed processes may take to disappear.
const LAST: Duration = Duration::from_secs(10);

impl Running {
    pub(super) fn start(
        name: String,
        command: Command,
        goal: &Goal,
        grace: Duration,
        in_host: bool,
    ) -> io::Result<Self> {
        let wanted = match goal {
            Goal::Print(text) => Some(&**text),
            _ => None,
        };
        let (program, watch, outputs) = supervised::start(command)?;
        let inner = Inner {
            name,
            program,
            watched: Watched::begin(watch, outputs, wanted, in_host)?,
            grace,
        };
        Ok(Running {
            inner: Arc::new(inner),
        })
    }

    /// Returns the process ID of the program.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.inner.program.id()
    }

    /// Returns what the program has printed so far to standard output and standard error: the last
    /// 64 KiB.
    ///
    /// The latest output may be missing until the program has been [stopped](Running::stop).
    /// On Windows, the two streams are read separately, so lines of one may come before earlier lines
    /// of the other.
    #[must_use]
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.inner.watched.state().output).into_owned()
    }

    /// Waits until the program has ended by itself, and returns its status.
    ///
    /// A program that fails during the test fails the test too, unless the test calls this.
    ///
    /// # Errors
    ///
    /// Fails if the supervisor of the program was killed.
    pub fn wait(&self) -> Result<ExitStatus, Error> {
        let watched = &self.inner.watched;
        watched.wait(None, State::has_ended);
        watched.change(|state| state.unasked = None);
        self.status().ok_or_else(|| self.lost())
    }

    /// Ends the program and everything that it has started, as the end of the test does: with
    /// `SIGTERM`, and with `SIGKILL` after the [grace](crate::Service::grace). Returns the status of
    /// the program, even if it had ended before.
    ///
    /// # Errors
    ///
    /// Fails if a process cannot be ended.
    pub fn stop(&self) -> Result<ExitStatus, Error> {
        let inner = &self.inner;
        let patience = inner.grace.saturating_add(LAST);
        self.end(patience, |program| program.end(inner.grace))
    }

    /// Kills the program and everything that it has started, to test what follows a crash. Returns
    /// the status of the program, even if it had ended before.
    ///
    /// # Errors
    ///
    /// Fails if a process cannot be ended.
    pub fn kill(&self) -> Result<ExitStatus, Error> {
        self.end(LAST, Supervised::kill)
    }

    fn end(&self, patience: Duration, ask: impl FnOnce(&Supervised)) -> Result<ExitStatus, Error> {
        let watched = &self.inner.watched;
        watched.change(|state| state.is_asked = true);
        if !watched.state().is_gone {
            ask(&self.inner.program);
        }
        let deadline = Instant::now().checked_add(patience);
        if !watched.wait(deadline, |state| state.is_gone) {
            let patience = config::seconds(patience);
            let why = format!(
                "a process was left after {patience}; the states of processes in `ps` show which one is \
                 stopped or hangs in the kernel"
            );
            return Err(self.failed_to("end", &why));
        }
        watched.wait_for_output();
        self.status().ok_or_else(|| self.lost())
    }

    fn status(&self) -> Option<ExitStatus> {
        self.inner.watched.state().status
    }

    fn lost(&self) -> Error {
        self.failed_to("learn the end of", supervised::LOST)
    }

    fn failed_to(&self, verb: &str, why: &str) -> Error {
        let action = format!("{verb} `{}`", self.inner.name);
        Error::new(ErrorKind::Resource, action).because(why.to_owned())
    }

    /// Ends the program at the end of the test. Fails if the program had failed by itself.
    pub(super) fn finish(&self) -> Result<(), BoxError> {
        self.stop()?;
        match self.inner.watched.state().unasked {
            Some(status) if !status.success() => {
                let name = &self.inner.name;
                let way_out = "call `wait()` in the test if it should";
                Err(format!("`{name}` ended with {status} during the test; {way_out}").into())
            }
            _ => Ok(()),
        }
    }

    /// Prints the end of the output, unless it is in the log of the host.
    pub(super) fn show_output(&self, test: &str) {
        if !self.inner.watched.in_host {
            report::output_of(test, &self.inner.name, &self.output());
        }
    }

    /// Waits until the program has reached its goal. Without a limit, this can take forever.
    pub(super) fn wait_until_ready(
        &self,
        goal: &Goal,
        limit: Option<Duration>,
    ) -> Result<(), BoxError> {
        let Inner { name, watched, .. } = &*self.inner;
        let begun = Instant::now();
        let deadline = limit.and_then(|limit| begun.checked_add(limit));
        let [shortest, longest] = READY_POLL;
        loop {
            // Checked first, because a program may reach its goal and end.
            let has_ended = watched.state().has_ended();
            if has_ended {
                watched.wait_for_output();
            }
            if (!has_ended || goal.outlasts_the_program()) && self.has_reached(goal) {
                return Ok(());
            }
            if has_ended {
                return Err(self.ended_before(goal));
            }
            let now = Instant::now();
            let has_passed = deadline.is_some_and(|deadline| now >= deadline);
            if let Some(limit) = limit.filter(|_| has_passed) {
                let limit = config::seconds(limit);
                let way_out = way_out_of_timeout(goal);
                return Err(format!("`{name}` did not {goal} within {limit}{way_out}").into());
            }
            let pause = ((now - begun) / READY_PART).clamp(shortest, longest);
            // The arrival of output wakes this thread.
            let check = (!matches!(goal, Goal::Print(_))).then(|| now + pause);
            let next = check.into_iter().chain(deadline).min();
            watched.wait(next, |state| state.has_printed || state.has_ended());
        }
    }

    fn has_reached(&self, goal: &Goal) -> bool {
        match goal {
            Goal::Print(_) => self.inner.watched.state().has_printed,
            goal => goal.is_reached(&self.inner.program),
        }
    }

    fn ended_before(&self, goal: &Goal) -> BoxError {
        let Some(status) = self.status() else {
            return self.lost().into();
        };
        let name = &self.inner.name;
        // The output of a program that has failed precedes the message and tells more.
        let way_out = if status.success() {
            "; make it stay in the foreground"
        } else {
            ""
        };
        format!("`{name}` ended with {status} and did not {goal}{way_out}").into()
    }
}

/// The end of the message about a program that has not reached its goal in time.
fn way_out_of_timeout(goal: &Goal) -> String {
    let listener = match goal {
        Goal::Listen(port) => listener_of(*port),
        _ => None,
    };
    match listener {
        Some((id, program)) => format!(
            ", but {program} (pid {id}) does; write `ready(Ready::answers(...))` if that serves the test"
        ),
        None => {
            "; choose another sign with `ready(...)`, or allow more time with `ready_within(...)`"
                .to_owned()
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Running({self})")
    }
}

/// Writes the name of the program with its process ID, or how it ended.
impl fmt::Display for Running {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.inner.name;
        match self.status() {
            None => write!(formatter, "{name} (pid {})", self.id()),
            Some(status) => write!(formatter, "{name} ended with {status}"),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Write;
    use std::net::{Ipv4Addr, TcpListener};
    use std::path::PathBuf;
    use std::process::Command;
    use std::thread;
    use std::time::Duration;

    use super::{Goal, Running, Supervised};

    fn start(script: &str, goal: &Goal) -> Running {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Running::start("sh".to_owned(), command, goal, Duration::ZERO, false).unwrap()
    }

    #[test]
    fn a_process_that_does_not_end_is_reported() {
        let running = start("sleep 1000", &Goal::Start);
        let supervisor = running.inner.program.root().to_string();
        let signal = |signal: &str| {
            let sent = Command::new("kill").args([signal, &supervisor]).status();
            assert!(sent.unwrap().success());
        };
        // A stopped supervisor kills nothing.
        signal("-STOP");
        let error = running.end(Duration::from_millis(1), Supervised::kill);
        signal("-CONT");
        assert_eq!(
            format!("{:?}", error.unwrap_err()),
            "failed to end `sh`: a process was left after 1ms; the states of processes in `ps` show \
             which one is stopped or hangs in the kernel"
        );
        assert!(!running.kill().unwrap().success());
    }

    #[test]
    fn a_program_may_end_when_it_has_shown_a_lasting_sign() {
        for goal in [
            Goal::Print("ready".to_owned()),
            Goal::Create(PathBuf::from("/dev/null")),
            Goal::Start,
        ] {
            let running = start("echo ready", &goal);
            assert!(running.wait().unwrap().success());
            running.wait_until_ready(&goal, None).unwrap();
        }
    }

    #[test]
    fn another_server_does_not_answer_for_a_program_that_has_ended() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = server.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in server.incoming() {
                let _ = stream.unwrap().write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            }
        });
        let goal = Goal::Answer(port, "/".to_owned());
        let running = start("exit 3", &goal);
        assert_eq!(running.wait().unwrap().code(), Some(3));
        let error = running.wait_until_ready(&goal, None).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`sh` ended with exit status: 3 and did not answer `GET /` on port {port}")
        );
    }
}
