//! Runs one suite of tests in two versions, written as people do today and annotated with
//! `#[isolated]`. Each version runs one test at a time and then in several processes at once.
//! Prints how often the tests collided.
//!
//! The suites are the test targets `today` and `annotated` of this package. The flow is: options →
//! binaries → a record of the runs of each suite → table.

mod binaries;
mod collision;
mod group;
mod libtest;
mod log;
mod options;
mod process;
mod progress;
mod runs;
mod suite;
mod table;

use std::env;
use std::error::Error;
use std::process::{Command, ExitCode};

use crate::log::Log;
use crate::options::Options;
use crate::suite::{Record, Suite};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    match compare() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn compare() -> Result<ExitCode> {
    let Some(options) = Options::parse(env::args().skip(1))? else {
        print!("{}", options::HELP);
        return Ok(ExitCode::SUCCESS);
    };
    let [today, annotated] = binaries::build(["today", "annotated"])?;
    let mut log = Log::create()?;
    let today = Suite {
        name: "today",
        binary: today,
        keep_failed: false,
        may_hang: true,
    };
    let annotated = Suite {
        name: "annotated",
        binary: annotated,
        keep_failed: true,
        may_hang: false,
    };
    let today = today.measure(&options, &mut log)?;
    let annotated = annotated.measure(&options, &mut log)?;

    print!("{}", table::render(&options, [&today, &annotated]));
    if Command::new("python3").arg("--version").output().is_err() {
        println!("\nthe tests of a child process had nothing to do, because `python3` is missing");
    }
    if !today.failed() {
        println!("\nthe suite of today did not collide this time");
    }
    if let Some(path) = log.path() {
        println!("\noutput of the failed tests: {}", path.display());
    }
    Ok(verdict(&annotated))
}

/// Returns success unless the annotated suite failed, which it never should.
fn verdict(annotated: &Record) -> ExitCode {
    if !annotated.failed() {
        return ExitCode::SUCCESS;
    }
    println!("\nthe annotated suite failed:");
    for failure in annotated.failures() {
        println!("  {}: {}", failure.test, failure.kind.name());
    }
    ExitCode::FAILURE
}
