//! The command: reads a trace, prints a summary and writes files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::summary::summary;
use super::{Error, Timeline, html, perfetto, suggest};
use crate::findings::{Findings, VERSION};
use crate::target_dir::{target_dir, trace_of, traces};
use crate::terminal;

/// Shows where the time of a run went, and draws its timeline.
///
/// Prints what tests waited for, which tests were active beside those that failed, and what would
/// save most. Writes an HTML page with the timeline.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo isolated run --trace; cargo isolated trace
  ISOLATED_TRACE=/tmp/trace cargo test; cargo isolated trace /tmp/trace

Exit status:
  0  the files were written
  2  there is no trace, or a file cannot be read or written")]
pub(crate) struct Arguments {
    /// The directory that `ISOLATED_TRACE` or `run --trace=DIR` named; by default, the newest
    /// trace of `cargo isolated run --trace` in this workspace.
    dir: Option<PathBuf>,
    /// Write the timeline as an HTML page; by default, DIR/timeline.html.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write JSON for <https://ui.perfetto.dev> and about:tracing.
    #[arg(long, value_name = "FILE")]
    perfetto: Option<PathBuf>,
    /// The output of `cargo isolated observe --json`, to tell readers from writers.
    #[arg(long, value_name = "FILE")]
    findings: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let findings = arguments.findings.as_deref().map(read_findings);
    let findings = findings.transpose()?;
    let dir = match arguments.dir {
        Some(dir) => dir,
        None => newest(&traces(&target_dir()?))?,
    };
    let mut timeline = Timeline::read(&dir)?;
    timeline.suggestions = suggest::all(&timeline, findings.as_ref());
    terminal::print(summary(&timeline, terminal::width()))?;
    let (page, json) = (arguments.html, arguments.perfetto.as_deref());
    if let Some(path) = json {
        write_file(path, &perfetto(&timeline))?;
    }
    let usual = || json.is_none().then(|| dir.join("timeline.html"));
    if let Some(path) = page.or_else(usual) {
        write_file(&path, &html(&timeline))?;
    }
    Ok(())
}

/// The newest trace of a workspace.
fn newest(dir: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let traces = entries.filter_map(|entry| Some((trace_of(&entry.path())?, entry.path())));
    let newest = traces.max_by_key(|((seconds, _), _)| *seconds);
    let (_, path) = newest.with_context(|| {
        let dir = dir.display();
        format!(
            "no trace in `{dir}`; run `cargo isolated run --trace`, or name the directory of a trace"
        )
    })?;
    Ok(path)
}

fn read_findings(path: &Path) -> Result<Findings> {
    let read = || -> Result<Findings> { Ok(serde_json::from_str(&fs::read_to_string(path)?)?) };
    let findings = read().with_context(|| format!("failed to read `{}`", path.display()))?;
    if findings.version != VERSION {
        let path = path.display();
        let version = findings.version;
        bail!("`{path}` has version {version}, expected {VERSION}; observe the tests again");
    }
    Ok(findings)
}

fn write_file(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| Error::path("write", path, &error))?;
    terminal::print(format!("\nwrote {}\n", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::newest;

    #[test]
    fn the_newest_trace_is_the_one_that_began_last() {
        let base = tempfile::tempdir().expect("a directory");
        let error = newest(base.path()).expect_err("no trace").to_string();
        assert!(
            error.contains("; run `cargo isolated run --trace`"),
            "{error}"
        );
        for name in ["9-5", "10-1", "x", "11"] {
            fs::create_dir(base.path().join(name)).expect("a directory");
        }
        assert_eq!(
            newest(base.path()).expect("a trace"),
            base.path().join("10-1")
        );
    }
}
