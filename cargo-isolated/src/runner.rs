//! `cargo isolated runner`: runs one test program in a sandbox, as a target runner of Cargo.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};

use crate::part::Part;
use crate::plan::Plan;
use crate::sandbox;
use crate::settings::Workspace;

/// The parts that `cargo isolated run` found allowed.
pub(crate) const PARTS: &str = "CARGO_ISOLATED_PARTS";
/// The root of the workspace, from `cargo isolated run`.
pub(crate) const DIR: &str = "CARGO_ISOLATED_WORKSPACE";

/// Runs a test program in a sandbox, as a target runner of Cargo.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The program, and its arguments.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "PROGRAM"
    )]
    words: Vec<OsString>,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let words = arguments.words;
    let (program, words) = words.split_first().context("expected a program")?;
    if words.iter().any(|word| word == "--list") {
        return Err(sandbox::replace(program, words));
    }
    let dir = env::var_os(DIR).or_else(|| env::var_os("CARGO_MANIFEST_DIR"));
    let dir = dir.map_or_else(env::current_dir, |dir| Ok(PathBuf::from(dir)));
    let workspace = Workspace::of(&dir.context("failed to find the working directory")?)?;
    let keep = workspace.settings.keep(&tests_of(words));
    let allowed = match env::var(PARTS) {
        Ok(parts) => Some(Part::list(&parts).map_err(|error| anyhow!("in `{PARTS}`: {error}"))?),
        Err(_) => None,
    };
    let known = allowed.as_deref().unwrap_or(&Part::ALL);
    let wanted: Vec<Part> = known
        .iter()
        .copied()
        .filter(|part| !keep.contains(part))
        .collect();
    sandbox::run(
        &plan_of(&wanted, &workspace, Path::new(program))?,
        program,
        words,
    )
}

/// The names of the tests, if the arguments name them.
fn tests_of(words: &[OsString]) -> Vec<&str> {
    let is_exact = words.iter().any(|word| word == "--exact");
    let names = words.iter().filter_map(|word| word.to_str());
    names
        .filter(|word| is_exact && !word.starts_with('-'))
        .collect()
}

/// The plan of a sandbox for a program of the workspace.
pub(crate) fn plan_of(parts: &[Part], workspace: &Workspace, program: &Path) -> Result<Plan> {
    let state_dir = isolated_test_core::inspect::state_dir()?;
    let home = env::var_os("HOME").map(PathBuf::from);
    let beside_home = |variable: &str, dir: &str| {
        let usual = home.as_ref().map(|home| home.join(dir));
        env::var_os(variable).map(PathBuf::from).or(usual)
    };
    let target = target_of(program);
    let program = program.canonicalize().ok();
    let program_dir = program
        .as_deref()
        .and_then(Path::parent)
        .map(Path::to_owned);
    let shared = [
        Some(state_dir.clone()),
        Some(workspace.root.clone()),
        target.clone(),
        program_dir,
        beside_home("CARGO_HOME", ".cargo"),
        beside_home("RUSTUP_HOME", ".rustup"),
        env::current_dir().ok(),
    ];
    Ok(Plan {
        parts: parts.to_vec(),
        checkout: workspace.root.clone(),
        target,
        home,
        // A directory may be known by its path, or by the one that a link of it leads to.
        shared: shared.into_iter().flatten().flat_map(with_target).collect(),
    })
}

/// A path, and where its links lead.
fn with_target(path: PathBuf) -> impl Iterator<Item = PathBuf> {
    let real = path.canonicalize().ok();
    [path].into_iter().chain(real)
}

/// The target directory of a program: the next directory above that Cargo has marked as a cache.
fn target_of(program: &Path) -> Option<PathBuf> {
    let given = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let marked = |dir: &&Path| dir.join(OsStr::new("CACHEDIR.TAG")).is_file();
    let found = program.ancestors().skip(1).find(marked).map(Path::to_owned);
    found.or(given)?.canonicalize().ok()
}
