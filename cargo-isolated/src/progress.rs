//! Progress on standard error: a line that is rewritten on a terminal, plain lines otherwise.

use std::io::{self, IsTerminal, Write};
use std::mem;
use std::time::{Duration, Instant};

use crate::terminal;

/// The shortest time between two updates of the line.
const STEP: Duration = Duration::from_millis(200);
/// The shortest time between two plain lines that show the present state.
const PLAIN_STEP: Duration = Duration::from_secs(30);

/// The progress of a command. Dropping it removes an unfinished line.
#[derive(Debug)]
pub(crate) struct Progress {
    is_terminal: bool,
    /// When the last line was written.
    last: Instant,
    /// Whether that line will be rewritten.
    is_unfinished: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            is_terminal: io::stderr().is_terminal(),
            last: Instant::now(),
            is_unfinished: false,
        }
    }

    /// Prints a whole line that stays.
    pub(crate) fn say(&mut self, text: &str) {
        self.clear();
        // If standard error is closed, there is nobody to tell.
        let _ = writeln!(io::stderr(), "{text}");
        self.last = Instant::now();
    }

    /// Shows the present state: on a terminal in a line that is rewritten, otherwise now and then.
    pub(crate) fn show(&mut self, text: impl FnOnce() -> String) {
        let step = if self.is_terminal { STEP } else { PLAIN_STEP };
        if self.last.elapsed() < step {
            return;
        }
        if !self.is_terminal {
            return self.say(&text());
        }
        let line = cut(&text());
        let _ = write!(io::stderr(), "\r\x1b[K{line}");
        let _ = io::stderr().flush();
        self.last = Instant::now();
        self.is_unfinished = true;
    }

    fn clear(&mut self) {
        if mem::take(&mut self.is_unfinished) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn cut(line: &str) -> String {
    // Some terminals begin a new line after the last column.
    line.chars().take(terminal::width() - 1).collect()
}
