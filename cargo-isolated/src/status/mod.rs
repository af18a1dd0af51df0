//! `cargo isolated status`: the running tests of this machine, the locks they hold and wait for, hosts,
//! and kept directories.

mod report;
mod text;

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, SystemTime};

use anyhow::Result;

use self::report::Report;
use crate::terminal;

/// The refresh period of a list.
const PERIOD: Duration = Duration::from_secs(1);

/// The number of kept directories to list.
const KEPT: usize = 5;

/// Lists the isolated tests on this machine: what they hold, and what they wait for.
///
/// Also lists hosts, which keep resources for several tests, and the directories that failed tests have
/// kept. Changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo isolated status
  cargo isolated status --watch
  cargo isolated status --json | jq '.processes[].tests[].wait'

Exit status:
  0  the list was printed
  2  the state directory cannot be used")]
pub(crate) struct Arguments {
    /// Refresh the list every second, until Ctrl-C or until the pipe closes.
    #[arg(long)]
    watch: bool,
    /// List all kept directories, not only the newest.
    #[arg(long)]
    all: bool,
    /// Print JSON. With `--watch`, a line for each change.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut out = anstream::stdout().lock();
    let most = if arguments.all { usize::MAX } else { KEPT };
    let result = if arguments.watch {
        watch(arguments.json, most, &mut out)
    } else {
        let report = Report::read()?;
        let text = if arguments.json {
            serde_json::to_string_pretty(&report)? + "\n"
        } else {
            text::text(&report, most, SystemTime::now(), terminal::width())
        };
        out.write_all(text.as_bytes()).map_err(Into::into)
    };
    match result {
        // The reader of the list has closed the pipe.
        Err(error) if is_closed(&error) => Ok(()),
        result => result,
    }
}

fn is_closed(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Prints the list again and again, until the reader of a pipe closes it. Ctrl-C ends the process, which
/// leaves nothing to restore.
fn watch(json: bool, most: usize, out: &mut impl Write) -> Result<()> {
    let mut last = String::new();
    loop {
        let report = Report::read()?;
        let text = if json {
            serde_json::to_string(&report)? + "\n"
        } else {
            text::text(&report, most, SystemTime::now(), terminal::width())
        };
        match terminal::size().filter(|_| !json && io::stdout().is_terminal()) {
            Some((width, height)) => out.write_all(redrawn(&text, width, height).as_bytes())?,
            None if text == last => {}
            None => out.write_all(text.as_bytes())?,
        }
        out.flush()?;
        last = text;
        // The ages in the list change each second, even if no record does.
        if terminal::closes_within(PERIOD)? {
            return Ok(());
        }
    }
}

/// The text with control sequences that replace what a terminal shows. Lines that do not fit are
/// counted.
fn redrawn(text: &str, width: usize, height: usize) -> String {
    let mut screen = String::from("\x1b[H");
    // The last row stays free: a newline there would scroll.
    let mut free = height.saturating_sub(2);
    let mut lines = text.lines();
    for line in lines.by_ref() {
        let rows = terminal::columns(line).div_ceil(width.max(1)).max(1);
        if rows > free {
            let _ = writeln!(screen, "and {} more lines\x1b[K", 1 + lines.count());
            break;
        }
        free -= rows;
        screen.push_str(line);
        screen.push_str("\x1b[K\n");
    }
    screen + "\x1b[J"
}

#[cfg(test)]
mod tests {
    use super::redrawn;

    #[test]
    fn a_screen_shows_what_fits_and_counts_the_rest() {
        assert_eq!(
            redrawn("one\ntwo\n", 80, 24),
            "\x1b[Hone\x1b[K\ntwo\x1b[K\n\x1b[J"
        );
        assert_eq!(
            redrawn("one\n0123456789\ntwo\nthree\n", 5, 5),
            "\x1b[Hone\x1b[K\n0123456789\x1b[K\nand 2 more lines\x1b[K\n\x1b[J"
        );
    }
}
