//! `cargo isolated run`: starts the tests, each in its own sandbox.

use std::convert::Infallible;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{self, PathBuf};

use anyhow::{Context, Error, Result, bail};

use crate::cargo;
use crate::part::{Part, names};
use crate::plan::{Plan, Refusal};
use crate::runner::{DIR, PARTS, POSTGRES, TRACE, plan_of};
use crate::sandbox;
use crate::settings::Workspace;
use crate::target_dir;
use crate::with::With;

/// Runs each test in its own sandbox.
///
/// Starts `cargo nextest run`, or `cargo test` if nextest is not installed. Needs Linux.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo isolated run
  cargo isolated run --keep network,home -- --workspace -E 'test(orders)'
  cargo isolated run --trace; cargo isolated trace
  cargo isolated run --with postgres=postgres://shop:secret@localhost/shop

To do this on every run, add one line to .cargo/config.toml:
  target.'cfg(target_os = \"linux\")'.runner = [\"cargo-isolated\", \"runner\"]

Exit status:
  2  the tests were not started
  otherwise that of `cargo nextest run` or `cargo test`")]
pub(crate) struct Arguments {
    /// Parts to leave shared with the machine.
    #[arg(long, value_delimiter = ',', value_name = "PART,...")]
    keep: Vec<Part>,
    /// Fail if the system refuses a part of the sandbox.
    #[arg(long)]
    require: bool,
    /// Give each test a PostgreSQL server: `postgres`, `postgres:16`, or
    /// `postgres=URL` with the address, role and database that tests use.
    ///
    /// Without URL, those of `DATABASE_URL` if it names this machine. Several
    /// URLs stand for several databases. Needs the programs of PostgreSQL, which
    /// `ISOLATED_POSTGRES_BIN` can name.
    #[arg(long, value_name = "SERVER")]
    with: Vec<With>,
    /// Record when each test begins and ends, for `cargo isolated trace`.
    ///
    /// Without DIR, the trace is in the target directory.
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    #[expect(
        clippy::option_option,
        reason = "clap tells `--trace` from no option this way"
    )]
    trace: Option<Option<PathBuf>>,
    /// Arguments of `cargo nextest run` or `cargo test`.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENT"
    )]
    words: Vec<OsString>,
}

pub(crate) fn run(arguments: Arguments) -> Result<Infallible> {
    let here = env::current_dir().context("failed to find the working directory")?;
    let workspace = Workspace::of(&here)?;
    let trace = arguments.trace.map(new_trace).transpose()?;
    let mut keep = workspace.settings.keep(&[]);
    keep.extend(arguments.keep);
    let wanted = Part::all().iter().filter(|part| !keep.contains(part));
    let program = env::current_exe().context("failed to find this program")?;
    let wanted = wanted.copied().collect();
    let plan = plan_of(wanted, &workspace, &program, trace.as_deref())?;
    let (allowed, refused) = sandbox::probe(&plan)?;
    announce(&allowed, &refused);
    if arguments.require && !refused.is_empty() {
        bail!(
            "the system refuses a part of the sandbox; allow it as described above, or drop `--require`"
        );
    }
    let postgres = match &*arguments.with {
        [] => None,
        with => {
            let plan = Plan {
                parts: allowed.clone(),
                ..plan
            };
            Some(sandbox::prepare(&plan, with)?)
        }
    };
    let mut cargo = cargo::command();
    if cargo::has_nextest() {
        cargo.args(["nextest", "run"]);
    } else {
        eprintln!(
            "isolated: WARNING: without nextest, all tests of a binary share one sandbox; install it with \
             `cargo install cargo-nextest`"
        );
        if workspace.settings.has_overrides() {
            eprintln!("isolated: WARNING: without nextest, `overrides` have no effect");
        }
        cargo.arg("test");
    }
    let program = program.to_str().with_context(|| {
        let program = program.display();
        format!("the path `{program}` is not UTF-8; install `cargo-isolated` in another directory")
    })?;
    // A JSON string is a TOML string too.
    let program = serde_json::to_string(program)?;
    // The entry with the name of the host has precedence over any `cfg(...)` of the workspace. The
    // other one is for `--target`.
    for target in [cargo::host()?.as_str(), "'cfg(target_os = \"linux\")'"] {
        let runner = format!("target.{target}.runner = [{program}, \"runner\"]");
        cargo.args(["--config", &runner]);
    }
    cargo.args(arguments.words);
    if let Some(dir) = &trace {
        cargo.env(TRACE, dir);
    }
    if let Some(postgres) = &postgres {
        eprintln!("isolated: each test has its own {postgres}");
        cargo.env(POSTGRES, serde_json::to_string(postgres)?);
    }
    cargo
        .env(PARTS, names(&allowed, ","))
        .env(DIR, &workspace.root);
    Err(Error::new(sandbox::replace(&mut cargo)).context("failed to start Cargo"))
}

/// Creates the directory of the trace, and prints how to look at it.
fn new_trace(dir: Option<PathBuf>) -> Result<PathBuf> {
    let (dir, word) = match dir {
        Some(dir) => (path::absolute(&dir)?, format!(" {}", dir.display())),
        None => (
            target_dir::new_trace(&target_dir::target_dir()?),
            String::new(),
        ),
    };
    let created = fs::create_dir_all(&dir);
    created.with_context(|| {
        let dir = dir.display();
        format!("failed to create `{dir}`; write `--trace=DIR` with a directory of yours")
    })?;
    eprintln!("isolated: afterwards, `cargo isolated trace{word}` shows what the tests did");
    Ok(dir)
}

/// Prints which parts are isolated, and which ones the system refuses.
fn announce(allowed: &[Part], refused: &[Refusal]) {
    if allowed.is_empty() {
        eprintln!("isolated: the tests share everything");
    } else {
        eprintln!("isolated: each test has its own {}", names(allowed, ", "));
    }
    for refusal in refused {
        eprintln!("{refusal}");
    }
}
