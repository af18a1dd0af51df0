//! `cargo isolated`: runs each test in its own sandbox, and shows what isolated tests are doing.

mod cargo;
mod findings;
mod part;
mod plan;
mod run;
mod runner;
#[cfg(target_os = "linux")]
mod sandbox;
#[cfg(not(target_os = "linux"))]
#[path = "sandbox_elsewhere.rs"]
mod sandbox;
mod settings;
mod source;
mod status;
mod trace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs each test of an unmodified suite in its own sandbox.
#[derive(Debug, Parser)]
#[command(
    name = "cargo isolated",
    bin_name = "cargo isolated",
    version,
    max_term_width = 80
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Arguments),
    Runner(runner::Arguments),
    /// Lists the isolated tests running on this machine and the locks they hold.
    Status,
    Trace(trace::command::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse_from(words()).command {
        Command::Run(arguments) => run::run(arguments).map(|never| match never {}),
        Command::Runner(arguments) => runner::run(arguments).map(|never| match never {}),
        Command::Status => status::print(),
        Command::Trace(arguments) => trace::command::run(arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo isolated: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The words of the command line, without the name of the subcommand, which Cargo repeats.
fn words() -> impl Iterator<Item = OsString> {
    let mut words = std::env::args_os();
    let program = words.next();
    let mut words = words.peekable();
    words.next_if(|word| word == "isolated");
    program.into_iter().chain(words)
}
