//! Calls: how the processes of a demonstration tell the command something. Each waits until the
//! command closes the call, or is gone.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::sockopt::socket_peercred;
use rustix::process::{PidfdFlags, pidfd_open};

use crate::Result;
use crate::bounded::Bounded;

/// The word of a test that waits inside until another test is inside, too.
const INSIDE: &str = "inside";

/// A process that waits for the command.
pub(crate) struct Call {
    /// A word, and a number with some words.
    line: String,
    /// `None` if the process had ended before the call was answered.
    process: Option<OwnedFd>,
    _stream: UnixStream,
}

/// The open calls of a demonstration. The processes continue when this is dropped.
pub(crate) struct Calls {
    listener: UnixListener,
    open: Vec<Call>,
}

impl Call {
    fn begins_with(&self, word: &str) -> bool {
        self.line.split(' ').next() == Some(word)
    }

    /// Whether the process still runs after this time.
    fn outlasts(&self, time: Duration) -> Result<bool> {
        let Some(process) = &self.process else {
            return Ok(false);
        };
        is_readable(process, time).map(|has_ended| !has_ended)
    }
}

impl Calls {
    /// Listens where the tests expect it: in their temporary directory.
    pub(crate) fn listen(folder: &Path) -> Result<Self> {
        Ok(Calls {
            listener: UnixListener::bind(folder.join("command"))?,
            open: Vec::new(),
        })
    }

    /// Answers the next call, and returns it. `None` if there is none within this time.
    pub(crate) fn next(&self, within: Duration) -> Result<Option<Call>> {
        if is_readable(&self.listener, within)? {
            return self.answer().map(Some);
        }
        Ok(None)
    }

    /// Answers calls and keeps them open, until one begins with a word. Returns false if the child
    /// exits before that, or has not done so `at_most` after its start.
    pub(crate) fn keep_until(
        &mut self,
        word: &str,
        child: &Bounded,
        at_most: Duration,
    ) -> Result<bool> {
        while child.waits_for(&self.listener, at_most)? {
            let call = self.answer()?;
            let is_it = call.begins_with(word);
            self.open.push(call);
            if is_it {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Answers calls and keeps them open, until the child exits, at most until `at_most` after its
    /// start. Two tests that are inside continue.
    pub(crate) fn keep(&mut self, child: &Bounded, at_most: Duration) -> Result<()> {
        while self.keep_until(INSIDE, child, at_most)? {
            let inside = |call: &&Call| call.begins_with(INSIDE);
            if self.open.iter().filter(inside).count() == 2 {
                self.open.retain(|call| !call.begins_with(INSIDE));
            }
        }
        Ok(())
    }

    /// The number behind the word of an open call.
    pub(crate) fn number<N>(&self, word: &str) -> Result<N>
    where
        N: FromStr,
        N::Err: Error + Send + Sync + 'static,
    {
        let (_, number) = self.find(word)?.line.split_once(' ').unwrap_or_default();
        Ok(number.parse()?)
    }

    /// Whether the process with an open call still runs after this time.
    pub(crate) fn outlasts(&self, word: &str, time: Duration) -> Result<bool> {
        self.find(word)?.outlasts(time)
    }

    fn find(&self, word: &str) -> Result<&Call> {
        let mut open = self.open.iter();
        let call = open.find(|call| call.begins_with(word));
        call.ok_or_else(|| format!("no test has said `{word}`").into())
    }

    fn answer(&self) -> Result<Call> {
        let (stream, _) = self.listener.accept()?;
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line)?;
        let process = socket_peercred(&stream)?.pid;
        Ok(Call {
            line: line.trim().to_owned(),
            process: pidfd_open(process, PidfdFlags::empty()).ok(),
            _stream: stream,
        })
    }
}

/// Whether a descriptor becomes readable within this time.
fn is_readable(fd: &impl std::os::fd::AsFd, within: Duration) -> Result<bool> {
    let mut event = [PollFd::new(fd, PollFlags::IN)];
    poll(&mut event, Some(&within.try_into()?))?;
    Ok(!event[0].revents().is_empty())
}
