//! A progress line on standard error.

use std::io::{self, IsTerminal, Write};

/// Prints a progress line. In a terminal, the next one replaces it.
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
