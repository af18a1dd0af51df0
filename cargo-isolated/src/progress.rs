//! Progress on standard error: a line that is rewritten on a terminal, plain lines otherwise.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// The width that lines are cut to.
const WIDTH: usize = 79;
/// How often the line is rewritten at most.
const STEP: Duration = Duration::from_millis(200);

/// The progress of a command. Dropping it removes an unfinished line.
#[derive(Debug)]
pub(crate) struct Progress {
    is_terminal: bool,
    /// When the unfinished line was written.
    line: Option<Instant>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            is_terminal: io::stderr().is_terminal(),
            line: None,
        }
    }

    /// Prints a whole line that stays.
    pub(crate) fn say(&mut self, text: &str) {
        self.clear();
        // If standard error is closed, there is nobody to tell.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Rewrites the line that shows the present state, on a terminal only.
    pub(crate) fn show(&mut self, text: impl FnOnce() -> String) {
        if !self.is_terminal || self.line.is_some_and(|line| line.elapsed() < STEP) {
            return;
        }
        let line = cut(&text());
        let _ = write!(io::stderr(), "\r\x1b[K{line}");
        let _ = io::stderr().flush();
        self.line = Some(Instant::now());
    }

    fn clear(&mut self) {
        if self.line.take().is_some() {
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
    line.chars().take(WIDTH).collect()
}
