//! Measures isolated-test next to the crates people use today, and demonstrates where those fail.
//!
//! The measured code is the test targets of this package, built as `cargo test` builds them. The
//! flow is: options → rows of each part → `rows.csv` and a table of ratios. Each part is one file
//! here that knows which binary to run, how to run it, and what its output means.

mod binaries;
mod bounded;
mod build;
mod databases;
mod drop_in;
mod failures;
mod handover;
mod hosts;
mod machine;
mod options;
mod overhead;
mod place;
mod ports;
mod progress;
mod rows;
mod suite;
mod table;

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use crate::options::{Options, Part};
use crate::rows::Rows;

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
    let start = Instant::now();
    let folder = place::output()?;
    let (mut rows, mut unexpected) = (Rows::default(), Vec::new());
    let mut text = machine::describe()?;
    for part in &options.parts {
        let begun = Instant::now();
        let (title, table) = match part {
            Part::Failures => {
                let (table, failures) = failures::table()?;
                unexpected.extend(failures);
                (part.title(), table)
            }
            measured => {
                let new = match measured {
                    Part::Overhead => overhead::measure(options.quick)?,
                    Part::Handover => handover::measure(options.quick)?,
                    Part::Ports => ports::measure(options.quick)?,
                    Part::Build => build::measure(options.quick)?,
                    Part::Hosts => hosts::measure(options.quick)?,
                    Part::Databases => databases::measure(options.quick)?,
                    Part::DropIn => drop_in::measure(options.quick)?,
                    _ => suite::measure(options.quick)?,
                };
                let table = match measured {
                    Part::Handover => table::render_wide(&new),
                    _ => table::render(&new),
                };
                rows.add(part.name(), new);
                (part.title(), table)
            }
        };
        write!(text, "\n## {title}\n\n{table}")?;
        writeln!(text, "\nMeasured in {} s.", begun.elapsed().as_secs())?;
        // Written after each part, so that a failure in a later part loses nothing.
        if *part != Part::Failures {
            rows.write(&folder.join("rows.csv"))?;
        }
        fs::write(folder.join(options.file()), &text)?;
    }
    print!("{text}");
    println!(
        "\nfinished in {} s; the table and all rows: {}",
        start.elapsed().as_secs(),
        folder.display()
    );
    for failure in &unexpected {
        eprintln!("error: isolated-serial-test fails as serial_test does: {failure}");
    }
    Ok(ExitCode::from(u8::from(!unexpected.is_empty())))
}
