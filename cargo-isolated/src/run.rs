//! `cargo isolated run`: starts the test runner, with a sandbox for each test.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::part::{Part, names};
use crate::plan::Refusal;
use crate::runner::{DIR, PARTS, plan_of};
use crate::sandbox;
use crate::settings::Workspace;

/// Runs the tests, each in a sandbox of its own.
///
/// Starts `cargo nextest run`, or `cargo test` where nextest is not installed.
/// Needs Linux.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo isolated run
  cargo isolated run --keep network,home -- --workspace -E 'test(orders)'

In place of this command, one line in .cargo/config.toml makes it permanent:
  target.'cfg(target_os = \"linux\")'.runner = [\"cargo-isolated\", \"runner\"]")]
pub(crate) struct Arguments {
    /// Parts that the tests share with the machine.
    #[arg(long, value_delimiter = ',', value_name = "PART,...")]
    keep: Vec<Part>,
    /// Fail if the system refuses a part of the sandbox.
    #[arg(long)]
    require: bool,
    /// Arguments of the test runner.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENT"
    )]
    words: Vec<OsString>,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let here = env::current_dir().context("failed to find the working directory")?;
    let workspace = Workspace::of(&here)?;
    let mut keep = workspace.settings.keep(&[]);
    keep.extend(arguments.keep);
    let wanted = Part::ALL.into_iter().filter(|part| !keep.contains(part));
    let wanted: Vec<Part> = wanted.collect();
    let program = env::current_exe().context("failed to find this program")?;
    let (allowed, refused) = sandbox::probe(&plan_of(&wanted, &workspace, &program)?)?;
    say(&allowed, &refused);
    if arguments.require && !refused.is_empty() {
        bail!("the system refuses a part of the sandbox, and `--require` was given");
    }
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    if has_nextest(&cargo) {
        cargo.args(["nextest", "run"]);
    } else {
        eprintln!(
            "isolated: cargo-nextest is not installed, so each test binary has one sandbox for all of its tests"
        );
        cargo.arg("test");
    }
    let program = program
        .to_str()
        .context("the path of this program is no UTF-8")?;
    // The name of the target goes before every `cfg(...)` that a configuration file may have. A list,
    // because Cargo splits a text at its spaces.
    let runner = format!("target.{}.runner = [{program:?}, \"runner\"]", host()?);
    cargo.args(["--config", &runner]).args(arguments.words);
    cargo.env(PARTS, names(&allowed)).env(DIR, &workspace.root);
    let status = cargo.status().context("failed to start Cargo")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Says what each test has for itself, and what the system refuses.
fn say(allowed: &[Part], refused: &[Refusal]) {
    if allowed.is_empty() {
        eprintln!("isolated: the tests share everything");
    } else {
        eprintln!(
            "isolated: each test has its own {}",
            names(allowed).replace(',', ", ")
        );
    }
    for Refusal { part, reason } in refused {
        eprintln!("isolated: WARNING: the tests share the part `{part}`: {reason}");
    }
}

/// The target for which Cargo builds tests unless told otherwise.
fn host() -> Result<String> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let output = rustc.arg("-vV").output().context("failed to start rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` prints no host")?.to_owned())
}

fn has_nextest(cargo: &Command) -> bool {
    let mut command = Command::new(cargo.get_program());
    command.args(["nextest", "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
