//! The command line of `cargo isolated adopt`, and the lines that it prints.

use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::builder::NonEmptyStringValueParser;

use super::apply::{self, Application, State};
use super::checkout::{self, Allowed};
use super::from::{self, Peer};
use super::manifest::Source;
use super::needs::Choice;
use super::plan::Plan;
use super::project::Project;
use super::trial::Runs;
use super::{diff, observed};
use crate::cargo::has_nextest;
use crate::figures::parse_time;
use crate::findings::Findings;
use crate::observe::{self, Options};
use crate::suite::{Runner, Selection};

/// Writes the attributes that tests need into the sources.
///
/// Shows the edits, and asks before it writes them. Then it compiles the tests,
/// runs them, and reverts each file that does not compile or whose tests fail.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  cargo isolated observe --json > findings.json
  cargo isolated adopt findings.json
  cargo isolated adopt --best --write -- --all-features
  cargo isolated adopt --from serial_test

Exit status:
  0  everything was shown, or written and tried out; files may have been
     reverted
  2  a file could not be written, or the command could not do its work"
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are flags of the command line"
)]
pub(crate) struct Arguments {
    /// The output of `cargo isolated observe --json`; `-` for standard input. By
    /// default, the tests are observed now.
    #[arg(conflicts_with = "from")]
    findings: Option<PathBuf>,
    /// Convert the attributes of another crate instead.
    #[arg(long, value_name = "CRATE")]
    from: Option<Peer>,
    /// Where one argument removes a conflict, write that instead of a lock.
    #[arg(long, conflicts_with = "from")]
    best: bool,
    /// Write without asking.
    #[arg(long)]
    write: bool,
    /// Write even if the checkout has uncommitted changes.
    #[arg(long)]
    allow_dirty: bool,
    /// Write even if the workspace is not in a git repository.
    #[arg(long)]
    allow_no_vcs: bool,
    /// Run the edited tests this many times with each runner, in two copies at
    /// once.
    #[arg(long, value_name = "N", default_value_t = 5)]
    runs: u32,
    /// Revert files whose tests do not end within this time in one of these
    /// runs.
    #[arg(long, value_name = "TIME", value_parser = parse_time, default_value = "5m")]
    timeout: Duration,
    /// Depend on isolated-test in this directory, not on the published package.
    #[arg(long, value_name = "DIR", value_parser = NonEmptyStringValueParser::new())]
    path: Option<String>,
    /// Arguments of `cargo test`, such as `--all-features`.
    #[arg(last = true, value_name = "ARGUMENT")]
    words: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let project = Project::selected_by(&arguments.words)?;
    let source = match &arguments.path {
        None => Source::Registry,
        Some(path) => {
            let path = std::path::absolute(path).context("failed to find the working directory")?;
            if !path.is_dir() {
                let path = path.display();
                bail!("`{path}` is not a directory; pass that of isolated-test as `--path`");
            }
            Source::Path(path.display().to_string())
        }
    };
    let plan = if let Some(peer) = arguments.from {
        from::plan(peer, &project, source)?
    } else {
        let choice = if arguments.best {
            Choice::Best
        } else {
            Choice::Keys
        };
        let findings = findings(arguments.findings.as_deref(), &arguments.words)?;
        observed::plan(&findings, choice, &project, source)?
    };
    if plan.changes.is_empty() {
        say("nothing to write");
        say_notes(&plan.notes);
        return Ok(());
    }
    diff::write(&plan.changes, &mut anstream::stdout().lock())
        .context("failed to print the edits")?;
    let may_ask = io::stdin().is_terminal() && io::stdout().is_terminal();
    if arguments.write || may_ask {
        let allowed = Allowed {
            dirty: arguments.allow_dirty,
            no_vcs: arguments.allow_no_vcs,
        };
        checkout::check(&project, &plan.changes, allowed)?;
    }
    let is_wanted = arguments.write || (may_ask && is_confirmed()?);
    if !is_wanted {
        say("nothing was written; pass `--write` to write the edits");
        say_notes(&plan.notes);
        return Ok(());
    }
    let mut application = apply::write(&project, &plan, say);
    say("compiling the tests");
    application.compile(&arguments.words)?;
    if arguments.runs > 0 && application.has_written_sources() {
        say("running the tests");
        let nextest = has_nextest().then_some(Runner::Nextest);
        for runner in nextest.into_iter().chain([Runner::Libtest]) {
            application.try_out(Runs {
                runner,
                count: arguments.runs,
                timeout: arguments.timeout,
                words: &arguments.words,
            })?;
        }
    }
    report(&application, &plan)
}

/// The findings: read from a file, or else observed now.
fn findings(file: Option<&Path>, words: &[OsString]) -> Result<Findings> {
    let Some(file) = file else {
        let selection = Selection::of(Runner::Libtest, words);
        return observe::survey(&selection, &Options::default());
    };
    let mut text = String::new();
    let read = if file == Path::new("-") {
        io::stdin().read_to_string(&mut text).map(drop)
    } else {
        fs::read_to_string(file).map(|read| text = read)
    };
    read.with_context(|| format!("failed to read `{}`", file.display()))?;
    serde_json::from_str(&text).with_context(|| {
        let file = file.display();
        format!("`{file}` contains no findings; write it with `cargo isolated observe --json`")
    })
}

fn is_confirmed() -> Result<bool> {
    print!("Apply? [y/N] ");
    io::stdout().flush().context("failed to ask")?;
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .context("failed to read the answer")?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// Prints the result for each file, and the remaining manual steps.
fn report(application: &Application<'_>, plan: &Plan) -> Result<()> {
    let mut left = Vec::new();
    for (change, state) in application.changes() {
        let shown = &change.shown;
        match state {
            State::Written => say(&format!("kept {shown}")),
            State::Reverted(why) => say(&format!("reverted {shown}, because {why}")),
            State::Left(why) => left.push(format!("`{shown}`, because {why}")),
        }
    }
    say_notes(&plan.notes);
    if !left.is_empty() {
        bail!("could not write {}", left.join("; "));
    }
    Ok(())
}

fn say_notes(notes: &[String]) {
    if !notes.is_empty() {
        say("to do manually:");
    }
    for note in notes {
        say(&format!("  {note}"));
    }
}

/// Prints a line.
fn say(text: &str) {
    // If standard output is closed, there is no reader.
    let _ = writeln!(io::stdout(), "{text}");
}
