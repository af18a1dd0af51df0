//! One line on standard error that says how far the command is.

use std::io::{self, IsTerminal, Write};

/// Says it; in a terminal the next line replaces it.
pub(crate) fn say(line: &str) {
    let mut errors = io::stderr();
    let terminal = errors.is_terminal();
    let (before, after) = if terminal {
        ("\r\x1b[K", "")
    } else {
        ("", "\n")
    };
    let _ = write!(errors, "{before}{line}{after}");
    let _ = errors.flush();
}
