//! `cargo isolated groups`: test groups of nextest for the keys in use.

mod config;
mod keys;
mod plan;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use self::config::config;
use self::keys::Keys;
use self::plan::Plan;
use crate::suite::{Runner, Selection};
use crate::terminal::print;
use crate::trace::timeline::Timeline;
use crate::{cargo, target_dir};

/// Prints test groups of nextest for the keys of isolated tests.
///
/// A test that waits for a key occupies a slot of nextest. In a test group, nextest starts it only
/// when the key is free. Without `--trace`, runs the tests once with nextest, to see the keys.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo isolated groups >>.config/nextest.toml
  cargo isolated groups -- --workspace
  ISOLATED_TRACE=/tmp/trace cargo test; cargo isolated groups --trace /tmp/trace

Exit status:
  0  the groups were printed, or no key needs one
  2  there is no trace, or the tests could not be run")]
pub(crate) struct Arguments {
    /// Read this trace instead of running the tests.
    #[arg(long, value_name = "DIR")]
    trace: Option<PathBuf>,
    /// Arguments of `cargo nextest run`.
    #[arg(last = true, value_name = "ARGUMENT")]
    words: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let dir = match &arguments.trace {
        Some(dir) => dir.clone(),
        None => trace(&arguments.words)?,
    };
    let keys = Keys::of(&Timeline::read(&dir)?);
    let text = config(&keys, &Plan::of(&keys));
    print(text)
}

/// Runs the tests once, and returns the directory of their trace.
fn trace(words: &[OsString]) -> Result<PathBuf> {
    cargo::require_nextest()?;
    let metadata = Selection::of(Runner::Nextest, words).metadata()?;
    let dir = target_dir::new_trace(&metadata.target_directory);
    create(&dir)?;
    let mut nextest = cargo::command();
    nextest
        .args(["nextest", "run", "--no-fail-fast"])
        .args(words);
    nextest.env("ISOLATED_TRACE", &dir);
    let status = nextest.status().context("failed to start Cargo")?;
    let has_trace = fs::read_dir(&dir)?.next().is_some();
    if !has_trace {
        let _ = fs::remove_dir(&dir);
        bail!("no isolated test has run; test groups are for tests with `#[isolated]`");
    }
    if !status.success() {
        eprintln!(
            "isolated: WARNING: not all tests have passed; keys of tests that did not run are missing"
        );
    }
    Ok(dir)
}

fn create(dir: &Path) -> Result<()> {
    let created = fs::create_dir_all(dir);
    created.with_context(|| format!("failed to create `{}`", dir.display()))
}
