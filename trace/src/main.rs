//! `isolated-trace DIR [--html FILE] [--perfetto FILE]`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use isolated_test_trace::{Error, Outcome, Timeline, duration, html, perfetto};

const HELP: &str = "\
Draws what the tests of isolated-test did when.

Usage: isolated-trace DIR [--html FILE] [--perfetto FILE]

  DIR              what `ISOLATED_TRACE` was set to when the tests ran
  --html FILE      write a timeline as one page for a browser
  --perfetto FILE  write JSON for https://ui.perfetto.dev and about:tracing
  -h, --help       print this
  -V, --version    print the version

Without a FILE, the page is DIR/timeline.html.";

/// The request of the command line.
enum Asked {
    Help,
    Version,
    Draw {
        dir: PathBuf,
        html: Option<PathBuf>,
        perfetto: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match parse_args(std::env::args_os().skip(1)) {
        Ok(Asked::Help) => say(HELP),
        Ok(Asked::Version) => say(concat!("isolated-trace ", env!("CARGO_PKG_VERSION"))),
        Ok(Asked::Draw {
            dir,
            html,
            perfetto,
        }) => {
            if let Err(error) = draw(&dir, html, perfetto.as_deref()) {
                eprintln!("isolated-trace: {error}");
                return ExitCode::FAILURE;
            }
        }
        Err(mistake) => {
            eprintln!("isolated-trace: {mistake}; `isolated-trace --help` explains all of them");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn parse_args(words: impl Iterator<Item = OsString>) -> Result<Asked, String> {
    let mut words = words;
    let (mut dir, mut html, mut perfetto) = (None, None, None);
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        let (option, value) = match text.split_once('=') {
            Some((option, value)) if text.starts_with("--") => (option, Some(value.into())),
            _ => (&*text, None),
        };
        let file = match option {
            "-h" | "--help" => return Ok(Asked::Help),
            "-V" | "--version" => return Ok(Asked::Version),
            "--html" => &mut html,
            "--perfetto" => &mut perfetto,
            _ if text.starts_with('-') => return Err(format!("unknown argument `{text}`")),
            _ if dir.is_some() => return Err(format!("found a second directory `{text}`")),
            _ => {
                dir = Some(PathBuf::from(word));
                continue;
            }
        };
        match value.or_else(|| words.next()) {
            Some(_) if file.is_some() => return Err(format!("duplicate argument `{option}`")),
            Some(value) if !value.is_empty() => *file = Some(PathBuf::from(value)),
            _ => return Err(format!("expected a file after `{option}`")),
        }
    }
    let dir = dir.ok_or("expected a directory with traces")?;
    Ok(Asked::Draw {
        dir,
        html,
        perfetto,
    })
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
