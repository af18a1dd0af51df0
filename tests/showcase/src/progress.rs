//! One line on standard error that says how far the command is.

use std::io::{self, IsTerminal, Write};

/// The line; it is erased when this is dropped, where there is a terminal.
pub(crate) struct Progress {
    terminal: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            terminal: io::stderr().is_terminal(),
        }
    }

    /// Replaces the line, or adds one where there is no terminal.
    pub(crate) fn say(&self, line: &str) {
        let (before, after) = if self.terminal {
            ("\r\x1b[K", "")
        } else {
            ("", "\n")
        };
        let _ = write!(io::stderr(), "{before}{line}{after}");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
