//! A progress line on standard error.

use std::io::{self, IsTerminal, Write};

/// The progress line. In a terminal, dropping it erases the line.
pub(crate) struct Progress {
    terminal: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            terminal: io::stderr().is_terminal(),
        }
    }

    /// Replaces the line, or prints a new one outside a terminal.
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
