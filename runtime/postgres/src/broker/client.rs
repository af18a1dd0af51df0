//! The connection of a test.

use std::io::{self, BufRead, BufReader};
use std::os::unix::net::UnixStream;

use super::line;
use super::visitor::Visitor;

pub(super) struct Client {
    stream: BufReader<UnixStream>,
    /// Why it waits, as it was told.
    told: String,
}

impl Client {
    pub(super) fn new(stream: UnixStream) -> Self {
        Client {
            stream: BufReader::new(stream),
            told: String::new(),
        }
    }

    /// Sends a line. It fits into the buffer of the socket, so this does not block.
    pub(super) fn say(&mut self, words: &[&str]) -> io::Result<()> {
        line::write(self.stream.get_mut(), words)
    }

    /// Receives a line. `None` if the test has died.
    pub(super) fn hear(&mut self) -> io::Result<Option<Vec<String>>> {
        line::read(&mut self.stream)
    }
}

impl Visitor for Client {
    fn wait_for(&mut self, why: &str) -> io::Result<()> {
        if self.told != why {
            self.say(&["wait", why])?;
            why.clone_into(&mut self.told);
        }
        Ok(())
    }

    fn is_gone(&mut self) -> bool {
        if self.stream.get_ref().set_nonblocking(true).is_err() {
            return true;
        }
        // A test that waits says nothing, so there is either nothing or the end.
        let seen = self.stream.fill_buf().map(<[u8]>::is_empty);
        let is_gone = match seen {
            Ok(is_end) => is_end,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        };
        is_gone || self.stream.get_ref().set_nonblocking(false).is_err()
    }
}
