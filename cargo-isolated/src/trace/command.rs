//! The command, and the lines that it prints.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Error, Outcome, Timeline, duration, html, perfetto};

/// Draws a timeline of the isolated tests of a run.
///
/// Prints how long tests waited for each other, and writes an HTML page.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  ISOLATED_TRACE=/tmp/trace cargo test
  cargo isolated trace /tmp/trace")]
pub(crate) struct Arguments {
    /// The directory `ISOLATED_TRACE` named.
    dir: PathBuf,
    /// Write the timeline as an HTML page; by default, DIR/timeline.html.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write JSON for <https://ui.perfetto.dev> and about:tracing.
    #[arg(long, value_name = "FILE")]
    perfetto: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        dir,
        html,
        perfetto,
    } = arguments;
    Ok(draw(&dir, html, perfetto.as_deref())?)
}

fn draw(dir: &Path, page: Option<PathBuf>, json: Option<&Path>) -> Result<(), Error> {
    let timeline = Timeline::read(dir)?;
    say(&summary(&timeline));
    if let Some(path) = json {
        write_file(path, &perfetto(&timeline))?;
    }
    let usual = || json.is_none().then(|| dir.join("timeline.html"));
    if let Some(path) = page.or_else(usual) {
        write_file(&path, &html(&timeline))?;
    }
    Ok(())
}

fn write_file(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|error| Error::path("write", path, &error))?;
    say(&format!("wrote {}", path.display()));
    Ok(())
}

/// Prints one or more lines.
fn say(text: &str) {
    // If standard output is closed, there is nobody to tell.
    let _ = writeln!(io::stdout(), "{text}");
}

/// Summarises the timeline in a few lines.
fn summary(timeline: &Timeline) -> String {
    let count = |outcome| timeline.count(outcome);
    let (failed, unfinished) = (count(Outcome::Failed), count(Outcome::Unfinished));
    let mut text = format!(
        "{} in {}, {failed} failed, {unfinished} unfinished, {} of waiting",
        number(count(Outcome::Passed) + failed + unfinished, "test", "s"),
        number(timeline.processes, "process", "es"),
        duration(timeline.waited()),
    );
    if timeline.broken > 0 {
        let _ = write!(
            text,
            "\nskipped {}",
            number(timeline.broken, "broken line", "s")
        );
    }
    for total in timeline
        .totals
        .iter()
        .filter(|total| total.waits > 0)
        .take(5)
    {
        let key = total.key.as_deref();
        let _ = write!(
            text,
            "\n{} cost {} of waiting ({}, {} at most)",
            key.map_or("the place among all tests".to_owned(), |key| format!(
                "`{key}`"
            )),
            duration(total.time),
            number(total.waits, "wait", "s"),
            duration(total.longest),
        );
    }
    text
}

/// Formats a count: `1 test`, `2 tests`.
fn number(count: usize, one: &str, ending: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { ending })
}
