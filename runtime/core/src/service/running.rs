//! A program that runs for a test.

use std::fmt;
use std::io;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ready::Goal;
use super::watched::Watched;
use crate::error::{BoxError, Error, ErrorKind};
use crate::os::listener::listener_of;
use crate::os::supervised::{self, Supervised};

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

/// The first pause between two looks at a program, and the longest one. The kernel reports neither
/// that somebody listens, nor that a server answers, nor, on every system and file system, that a
/// file appears. The longest pause is short for people, and long beside the time of a look.
const READY_POLL: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(20)];

/// How long killed processes may take to disappear.
const LAST: Duration = Duration::from_secs(10);

impl Running {
    pub(super) fn start(
        name: String,
        command: Command,
        goal: &Goal,
        grace: Duration,
    ) -> io::Result<Self> {
        let wanted = match goal {
            Goal::Print(text) => Some(&**text),
            _ => None,
        };
        let (program, watch, outputs) = supervised::start(command)?;
        let inner = Inner {
            name,
            program,
            watched: Watched::begin(watch, outputs, wanted)?,
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
    /// On Windows, the two are read apart, so lines of one may come before earlier lines of the
    /// other.
    #[must_use]
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.inner.watched.state().output).into_owned()
    }

    /// Waits until the program has ended by itself, and returns how.
    ///
    /// A program that fails during the test otherwise fails the test, too. Here, the test judges.
    ///
    /// # Errors
    ///
    /// Fails if the supervisor of the program was killed.
    pub fn wait(&self) -> Result<ExitStatus, Error> {
        let watched = &self.inner.watched;
        watched.wait(None, |state| state.status.is_some() || state.is_gone);
        watched.change(|state| state.unasked = None);
        self.status().ok_or_else(|| self.lost())
    }

    /// Ends the program and everything that it has started, as the end of the test does: with
    /// `SIGTERM`, and with `SIGKILL` after the [grace](crate::Service::grace). Returns how the
    /// program ended, also if it had ended before.
    ///
    /// # Errors
    ///
    /// Fails if a process cannot be ended.
    pub fn stop(&self) -> Result<ExitStatus, Error> {
        let inner = &self.inner;
        self.end(inner.grace, |program| program.end(inner.grace))
    }

    /// Kills the program and everything that it has started, for a test of what follows a crash.
    /// Returns how the program ended, also if it had ended before.
    ///
    /// # Errors
    ///
    /// Fails if a process cannot be ended.
    pub fn kill(&self) -> Result<ExitStatus, Error> {
        self.end(Duration::ZERO, Supervised::kill)
    }

    fn end(&self, grace: Duration, ask: impl FnOnce(&Supervised)) -> Result<ExitStatus, Error> {
        let watched = &self.inner.watched;
        watched.change(|state| state.is_asked = true);
        if !watched.state().is_gone {
            ask(&self.inner.program);
        }
        let deadline = Instant::now().checked_add(grace.saturating_add(LAST));
        if !watched.wait(deadline, |state| state.is_gone) {
            return Err(self.failed_to("end", "a process stays, even after `SIGKILL`"));
        }
        watched.wait_for_output();
        self.status().ok_or_else(|| self.lost())
    }

    fn status(&self) -> Option<ExitStatus> {
        self.inner.watched.state().status
    }

    fn lost(&self) -> Error {
        self.failed_to("learn the end of", "its supervisor was killed")
    }

    fn failed_to(&self, verb: &str, why: &str) -> Error {
        let action = format!("{verb} `{}`", self.inner.name);
        Error::new(ErrorKind::Resource, action).because(why.to_owned())
    }

    /// Ends the program at the end of the test. Fails if it failed before anybody asked it to end.
    pub(super) fn finish(&self) -> Result<(), BoxError> {
        self.stop()?;
        match self.inner.watched.state().unasked {
            Some(status) if !status.success() => {
                Err(format!("`{}` ended with {status} during the test", self.inner.name).into())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.inner.name
    }

    /// Waits until the program has reached its goal. `limit` is how long that may take, for people.
    pub(super) fn wait_until_ready(
        &self,
        goal: &Goal,
        deadline: Option<Instant>,
        limit: &str,
    ) -> Result<(), BoxError> {
        let Inner {
            name,
            program,
            watched,
            ..
        } = &*self.inner;
        let [mut pause, longest] = READY_POLL;
        loop {
            let mut is_reached = goal.is_reached(program.root());
            let mut ended = None;
            // The kernel wakes a reader of the output.
            let next = match (goal, deadline) {
                (Goal::Print(_), deadline) => deadline,
                (_, None) => Some(Instant::now() + pause),
                (_, Some(deadline)) => Some(deadline.min(Instant::now() + pause)),
            };
            watched.wait(next, |state| {
                is_reached |= state.has_printed;
                ended = state.status.map(|status| status.to_string());
                if state.is_gone && ended.is_none() {
                    ended = Some("its supervisor".to_owned());
                }
                is_reached || ended.is_some()
            });
            if let Some(how) = ended {
                return Err(format!("`{name}` ended with {how} and did not {goal}").into());
            }
            if is_reached {
                return Ok(());
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                let other = other_listener(goal);
                return Err(format!("`{name}` did not {goal} within {limit}{other}").into());
            }
            pause = (pause * 2).min(longest);
        }
    }
}

/// The process that listens instead of the program, to end a message.
fn other_listener(goal: &Goal) -> String {
    let Goal::Listen(port) = goal else {
        return String::new();
    };
    listener_of(*port).map_or_else(String::new, |(id, name)| {
        format!("; {name} (pid {id}) listens there")
    })
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
