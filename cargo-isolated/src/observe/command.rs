//! The command line of `cargo isolated observe`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};

use super::survey::{Options, survey};
use super::{known, text};
use crate::figures::parse_time;
use crate::suite::{Runner, Selection};
use crate::terminal::print;

/// Shows what tests share: runs each of them alone and records what it touches.
///
/// Tests are neither changed nor rebuilt. Needs Linux on x86-64 or ARM64.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo isolated observe
  cargo isolated observe -- -p shop --test api
  cargo isolated observe --json | cargo isolated adopt -
  cargo isolated observe --deny-new known-conflicts.txt

Exit status:
  0  the tests were observed, whatever they share and whether they pass
  1  there is a conflict that is not in the list of `--deny-new`
  2  the command could not do its work")]
pub(crate) struct Arguments {
    /// Print JSON: everything that was seen, not only conflicts.
    #[arg(long)]
    json: bool,
    /// Fail if there is a conflict that is not in this list.
    #[arg(long, value_name = "FILE", conflicts_with = "accept")]
    deny_new: Option<PathBuf>,
    /// Write the list of all conflicts.
    #[arg(long, value_name = "FILE")]
    accept: Option<PathBuf>,
    /// Ignore resources whose names match this pattern, such as `*/cache/*`.
    #[arg(long, value_name = "PATTERN")]
    ignore: Vec<String>,
    /// Kill a test that takes longer; it has failed.
    #[arg(long, value_name = "TIME", value_parser = parse_time, default_value = "60s")]
    timeout: Duration,
    /// Arguments of `cargo test` that select what to build, and parts of test names.
    #[arg(last = true, value_name = "ARGUMENT")]
    words: Vec<OsString>,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let options = Options {
        ignore: arguments.ignore,
        timeout: arguments.timeout,
    };
    let findings = survey(&Selection::of(Runner::Libtest, &arguments.words), &options)?;
    if findings.tests.is_empty() {
        bail!("no tests to observe; select others after `--`");
    }
    if arguments.json {
        print(serde_json::to_string_pretty(&findings)? + "\n")?;
    } else {
        print(text::report(&findings))?;
    }
    if let Some(list) = arguments.accept {
        known::accept(&findings, &list)?;
    }
    if let Some(list) = arguments.deny_new {
        let new = known::new(&findings, &list)?;
        if !new.is_empty() {
            let new: Vec<_> = new.into_iter().map(known::line).collect();
            eprintln!("isolated: not in `{}`: {}", list.display(), new.join(", "));
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}
