//! `cargo isolated runner`: runs one test program in a sandbox, as Cargo's target runner.

use std::convert::Infallible;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Error, Result, anyhow};

use crate::part::Part;
use crate::plan::{Plan, Postgres};
use crate::sandbox::{self, POSTGRES_NEEDS};
use crate::settings::Workspace;
use crate::trace::recorder::Recorder;

/// The parts that the system allows, from `cargo isolated run`.
pub(crate) const PARTS: &str = "CARGO_ISOLATED_PARTS";
/// The directory of the trace, from `cargo isolated run` or the user.
pub(crate) const TRACE: &str = "ISOLATED_TRACE";
/// The server that each test gets, from `cargo isolated run`.
pub(crate) const POSTGRES: &str = "CARGO_ISOLATED_POSTGRES";
/// The root of the workspace, from `cargo isolated run`.
pub(crate) const DIR: &str = "CARGO_ISOLATED_WORKSPACE";

/// Runs a test program in a sandbox, as Cargo's target runner.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example, in .cargo/config.toml:
  target.'cfg(target_os = \"linux\")'.runner = [\"cargo-isolated\", \"runner\"]

Exit status:
  2  the program was not started
  otherwise that of the program; if a signal ends it, the same signal")]
pub(crate) struct Arguments {
    /// The program and its arguments.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "PROGRAM"
    )]
    words: Vec<OsString>,
}

impl Arguments {
    /// Parses a usual command line without clap, which would build all subcommands for each test.
    pub(crate) fn of(words: &[OsString]) -> Option<Arguments> {
        let (command, words) = words.get(1..)?.split_first()?;
        let is_option = words.first()?.as_encoded_bytes().starts_with(b"-");
        let words = words.to_vec();
        (command == "runner" && !is_option).then_some(Arguments { words })
    }
}

pub(crate) fn run(arguments: Arguments) -> Result<Infallible> {
    let words = arguments.words;
    let (program, words) = words.split_first().context("expected a program")?;
    let mut command = Command::new(program);
    command.args(words);
    for name in [PARTS, POSTGRES, DIR] {
        command.env_remove(name);
    }
    if words.iter().any(|word| word == "--list") {
        let error = Error::new(sandbox::replace(&mut command));
        return Err(error.context(format!("failed to start `{}`", program.to_string_lossy())));
    }
    let dir = env::var_os(DIR).or_else(|| env::var_os("CARGO_MANIFEST_DIR"));
    let dir = dir.map_or_else(env::current_dir, |dir| Ok(PathBuf::from(dir)));
    let workspace = Workspace::of(&dir.context("failed to find the working directory")?)?;
    let allowed = match env::var(PARTS) {
        Ok(parts) => Part::list(&parts).map_err(|error| anyhow!("in `{PARTS}`: {error}"))?,
        Err(_) => Part::all().to_vec(),
    };
    let keep = workspace.settings.keep(&tests_of(words));
    let wanted = allowed.into_iter().filter(|part| !keep.contains(part));
    let trace = trace_dir();
    let recorder = match &trace {
        Some(dir) => Recorder::begin(dir, Path::new(program), tests_of(words).first().copied())?,
        None => Recorder::nowhere(),
    };
    let wanted = wanted.collect();
    let mut plan = plan_of(wanted, &workspace, Path::new(program), trace.as_deref())?;
    // A test that keeps one of these parts uses the servers of the machine.
    let is_apart = !POSTGRES_NEEDS.iter().any(|part| keep.contains(part));
    if let Some(text) = env::var_os(POSTGRES).filter(|_| is_apart) {
        let postgres: Postgres = serde_json::from_slice(text.as_encoded_bytes())
            .with_context(|| format!("failed to read `{POSTGRES}`"))?;
        plan.stays.push(postgres.data.clone());
        plan.postgres = Some(postgres);
    }
    sandbox::run(&plan, command, &recorder)
}

/// The directory of the trace, if there is one.
fn trace_dir() -> Option<PathBuf> {
    env::var_os(TRACE)
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute())
}

/// The names of the tests to run, if the arguments are exact names.
fn tests_of(words: &[OsString]) -> Vec<&str> {
    let is_exact = words.iter().any(|word| word == "--exact");
    let names = words.iter().filter_map(|word| word.to_str());
    names
        .filter(|word| is_exact && !word.starts_with('-'))
        .collect()
}

/// Plans the sandbox of a program.
pub(crate) fn plan_of(
    parts: Vec<Part>,
    workspace: &Workspace,
    program: &Path,
    trace: Option<&Path>,
) -> Result<Plan> {
    let state_dir = isolated_test_core::inspect::state_dir()?;
    let home = env::var_os("HOME").map(PathBuf::from);
    let or_in_home = |variable: &str, dir: &str| {
        let usual = home.as_ref().map(|home| home.join(dir));
        env::var_os(variable).map(PathBuf::from).or(usual)
    };
    let program = program.canonicalize().ok();
    let program = program.as_deref();
    let stays = [
        Some(state_dir.clone()),
        program.and_then(target_dir_of),
        program.and_then(Path::parent).map(Path::to_owned),
        trace.map(Path::to_owned),
        or_in_home("CARGO_HOME", ".cargo"),
        or_in_home("RUSTUP_HOME", ".rustup"),
    ];
    let reachable = [Some(workspace.root.clone()), env::current_dir().ok()];
    Ok(Plan {
        parts,
        checkout: workspace.root.clone(),
        test_files: program.map(test_files_of).unwrap_or_default(),
        home,
        state_dir,
        stays: with_canonical(stays),
        reachable: with_canonical(reachable),
        postgres: None,
    })
}

/// Adds the canonical forms of the paths, because either form may be below a replaced directory.
fn with_canonical(paths: impl IntoIterator<Item = Option<PathBuf>>) -> Vec<PathBuf> {
    let both = |path: PathBuf| {
        let canonical = path.canonicalize().ok();
        [path].into_iter().chain(canonical)
    };
    paths.into_iter().flatten().flat_map(both).collect()
}

/// The target directory of a program: `CARGO_TARGET_DIR`, or the nearest directory above the program
/// that Cargo has marked as a cache.
fn target_dir_of(program: &Path) -> Option<PathBuf> {
    let is_marked = |dir: &&Path| dir.join("CACHEDIR.TAG").is_file();
    let marked = program
        .ancestors()
        .skip(1)
        .find(is_marked)
        .map(Path::to_owned);
    marked.or_else(|| env::var_os("CARGO_TARGET_DIR").map(PathBuf::from))
}

/// The directories that Cargo makes for the files of tests, which they find by `CARGO_TARGET_TMPDIR`:
/// `target/tmp`, or `target/<triple>/tmp` in a build for another target.
fn test_files_of(program: &Path) -> Vec<PathBuf> {
    let Some(target_dir) = target_dir_of(program) else {
        return Vec::new();
    };
    let above = program.ancestors().skip(1);
    let within = above.take_while(|dir| dir.starts_with(&target_dir));
    let dirs = within.map(|dir| dir.join("tmp"));
    dirs.filter(|dir| dir.is_dir() && !program.starts_with(dir))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::Arguments;

    #[test]
    fn a_program_needs_no_parser_of_options() {
        let words = |text: &str| -> Vec<OsString> { text.split(' ').map(OsString::from).collect() };
        let program = |text: &str| Arguments::of(&words(text)).map(|arguments| arguments.words);
        let expected = words("target/api --exact --help");
        assert_eq!(
            program("cargo runner target/api --exact --help"),
            Some(expected)
        );
        for others in [
            "cargo",
            "cargo runner",
            "cargo runner --help",
            "cargo run api",
        ] {
            assert_eq!(program(others), None);
        }
    }
}
