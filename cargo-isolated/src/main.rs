//! `cargo isolated`: runs tests apart from each other, and shows what they share, hold and wait for.

mod adopt;
mod bisect;
mod cargo;
mod clean;
mod completions;
mod figures;
mod findings;
mod group;
mod groups;
#[cfg(target_os = "linux")]
mod hosts;
mod interrupt;
#[cfg(target_os = "linux")]
mod leftovers;
mod liveness;
mod man;
mod mode;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod observe;
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
#[path = "observe_elsewhere.rs"]
mod observe;
mod part;
mod plan;
mod program;
mod progress;
mod random;
mod run;
mod runner;
#[cfg(target_os = "linux")]
mod sandbox;
#[cfg(not(target_os = "linux"))]
#[path = "sandbox_elsewhere.rs"]
mod sandbox;
mod settings;
mod source;
mod statistics;
mod status;
mod stress;
mod suite;
mod target_dir;
mod terminal;
mod trace;
mod with;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Runs tests apart from each other, and shows what they share, hold and wait for.
#[derive(Debug, Parser)]
#[command(
    name = "cargo isolated",
    bin_name = "cargo isolated",
    version,
    max_term_width = 80,
    after_help = "\
Exit status:
  0  success; for `run`, what the test runner returns
  1  the work was done, with a negative result
  2  the command could not do its work, or its arguments are wrong

Each subcommand describes its own: cargo isolated SUBCOMMAND --help"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Arguments),
    Observe(observe::Arguments),
    Adopt(adopt::command::Arguments),
    Stress(stress::Options),
    Bisect(bisect::Arguments),
    Status(status::Arguments),
    Clean(clean::Arguments),
    Trace(trace::command::Arguments),
    Groups(groups::Arguments),
    Runner(runner::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
    #[command(hide = true)]
    Noise(stress::noise::Arguments),
    #[command(hide = true)]
    Record(suite::record::Arguments),
}

fn main() -> ExitCode {
    let success = |()| ExitCode::SUCCESS;
    let words: Vec<_> = words().collect();
    let runner = runner::Arguments::of(&words).map(Command::Runner);
    let command = runner.unwrap_or_else(|| Arguments::parse_from(&words).command);
    let result = match command {
        Command::Run(arguments) => run::run(arguments).map(|never| match never {}),
        Command::Observe(arguments) => observe::run(arguments),
        Command::Adopt(arguments) => adopt::command::run(&arguments).map(success),
        Command::Stress(options) => stress::run(&options),
        Command::Bisect(arguments) => bisect::run(&arguments),
        Command::Status(arguments) => status::run(&arguments).map(success),
        Command::Clean(arguments) => clean::run(&arguments).map(success),
        Command::Trace(arguments) => trace::command::run(arguments).map(success),
        Command::Groups(arguments) => groups::run(&arguments).map(success),
        Command::Runner(arguments) => runner::run(arguments).map(|never| match never {}),
        Command::Completions(arguments) => {
            completions::print(&arguments, Arguments::command()).map(success)
        }
        Command::Man(arguments) => man::print(&arguments, Arguments::command()).map(success),
        Command::Noise(arguments) => stress::noise::make(arguments).map(success),
        Command::Record(arguments) => suite::record::run(arguments).map(success),
    };
    match result {
        Ok(code) => code,
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
