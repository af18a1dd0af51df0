//! Text on standard output: colours, and lines of a bounded width.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use anstream::adapter::strip_str;
use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result};

/// Headings, and the names of tests.
pub(crate) const STRONG: Style = Style::new().bold();
/// Failures and other problems.
pub(crate) const ALERT: Style = AnsiColor::Red.on_default();
/// Suggestions.
#[cfg_attr(
    not(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    )),
    expect(dead_code, reason = "only `observe` uses it")
)]
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Waits.
pub(crate) const WAIT: Style = AnsiColor::Yellow.on_default();
/// Numbers and places that are only sometimes of interest.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// The width of text that goes to a file, and the largest width on a terminal.
pub(crate) const WIDEST: usize = 80;
/// A narrower terminal breaks lines itself.
const NARROWEST: usize = 30;

/// The number of columns to use.
pub(crate) fn width() -> usize {
    let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    columns.map_or(WIDEST, |columns| columns.clamp(NARROWEST, WIDEST))
}

/// The width and height of the terminal, if standard output is one.
pub(crate) fn size() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(io::stdout())?;
    Some((width.0.into(), height.0.into()))
}

/// Prints to standard output, without colours where they are not wanted. A closed pipe is no error,
/// because its reader has seen enough.
pub(crate) fn print(text: impl AsRef<[u8]>) -> Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("failed to write to standard output"),
    }
}

/// Waits until the reader of standard output goes away, but at most for this time. Returns whether it is
/// gone.
#[cfg(unix)]
#[expect(
    unsafe_code,
    reason = "the standard library cannot wait for a pipe to close"
)]
pub(crate) fn closes_within(time: Duration) -> io::Result<bool> {
    let mut output = libc::pollfd {
        fd: libc::STDOUT_FILENO,
        // Most systems report this without a request.
        events: libc::POLLHUP,
        revents: 0,
    };
    let timeout = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the pointer is valid for the call, and the list has one entry.
    if unsafe { libc::poll(&raw mut output, 1, timeout) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    if output.revents & libc::POLLNVAL != 0 {
        // macOS cannot poll a terminal. A terminal that goes away ends the process with `SIGHUP`.
        thread::sleep(time);
    }
    Ok(output.revents & (libc::POLLHUP | libc::POLLERR) != 0)
}

/// Waits for this time. On this system, only a write shows that the reader is gone.
#[cfg(not(unix))]
pub(crate) fn closes_within(time: Duration) -> io::Result<bool> {
    thread::sleep(time);
    Ok(false)
}

/// Text in a style. It ends at the end of the text.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The number of columns that a text takes.
pub(crate) fn columns(text: &str) -> usize {
    strip_str(text).to_string().chars().count()
}

/// Breaks a text between words into lines of at most `width` columns, each with `indent` spaces
/// before it. A longer word has its own line, so that a path can still be copied.
pub(crate) fn wrapped(text: &str, indent: usize, width: usize) -> String {
    hanging(text, [indent, indent], width)
}

/// Breaks a text like [`wrapped`], with other spaces before the first line than before the rest.
pub(crate) fn hanging(text: &str, [first, rest]: [usize; 2], width: usize) -> String {
    let mut lines = " ".repeat(first);
    let mut used = first;
    for (index, word) in text.split(' ').enumerate() {
        let columns = columns(word);
        if index == 0 {
            used += columns;
        } else if used + 1 + columns <= width {
            lines.push(' ');
            used += 1 + columns;
        } else {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', rest));
            used = rest + columns;
        }
        lines.push_str(word);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{ALERT, columns, hanging, styled, wrapped};

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("one two three", 2, 9), "  one two\n  three");
        assert_eq!(
            wrapped("a /very/long/path b", 1, 8),
            " a\n /very/long/path\n b"
        );
        assert_eq!(wrapped("exactly", 0, 7), "exactly");
    }

    #[test]
    fn further_lines_can_hang() {
        let text = hanging("failure: one two three", [2, 11], 16);
        assert_eq!(text, "  failure: one\n           two\n           three");
        assert_eq!(hanging("short", [1, 9], 16), " short");
    }

    #[test]
    fn colours_take_no_columns() {
        let word = styled(ALERT, "word");
        assert!(word.len() > 4);
        assert_eq!(columns(&word), 4);
        let text = format!("{word} {word}");
        assert_eq!(wrapped(&text, 0, 9), text);
    }
}
