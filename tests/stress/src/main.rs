//! Runs all tests of the project under noise, with several copies of the suite at once, until their
//! flake rate is shown to be below a bound. Prints the tests that fail.
//!
//! The flow is: options → project (built once, its tests listed) → rounds of copies beside the
//! noise → the results of each copy, one for every listed test → records → report.

mod copy;
mod examples;
mod group;
mod interrupt;
mod libtest;
mod mode;
mod nextest;
mod noise;
mod options;
mod project;
mod random;
#[cfg(test)]
mod recorded;
mod records;
mod report;
mod results;
mod rounds;
mod suite;
mod verdict;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use crate::options::Options;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    if env::args().nth(1).as_deref() == Some(noise::ARGUMENT) {
        noise::make();
        return ExitCode::SUCCESS;
    }
    match stress() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(3)
        }
    }
}

fn stress() -> Result<ExitCode> {
    let Some(options) = Options::parse(env::args().skip(1))? else {
        print!("{}", options::HELP);
        return Ok(ExitCode::SUCCESS);
    };
    interrupt::catch()?;
    let found = rounds::run(&options)?;
    print!("{}", report::render(&options, &found));
    Ok(ExitCode::from(found.verdict(&options).status()))
}
