//! `cargo isolated`: runs the tests of a suite apart, and shows what the tests of this machine do.

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
mod status;
mod trace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs the tests of any suite apart, with no line of it changed.
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
    /// Prints the isolated tests that run on this machine, and the locks that they hold.
    Status,
    Trace(trace::command::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse_from(words()).command {
        Command::Run(arguments) => run::run(arguments),
        Command::Runner(arguments) => runner::run(arguments),
        Command::Status => status::print(),
        Command::Trace(arguments) => trace::command::run(arguments),
    };
    result.unwrap_or_else(|error| {
        eprintln!("cargo isolated: {error:#}");
        ExitCode::from(2)
    })
}

/// The words of the command line. Cargo repeats the name of the subcommand, and other starters of the
/// program do not.
fn words() -> impl Iterator<Item = OsString> {
    let mut words = std::env::args_os();
    let program = words.next();
    let mut words = words.peekable();
    words.next_if(|word| word == "isolated");
    program.into_iter().chain(words)
}
