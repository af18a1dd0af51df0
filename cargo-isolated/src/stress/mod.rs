//! `cargo isolated stress`: runs several copies of a suite at once, under load, until the failure rate
//! is shown to be below a bound. Names the tests that fail, and the causes of their failures.
//!
//! The flow is: options → project (built once, its tests listed) → rounds of copies beside the
//! noise → the results of each copy, one for every listed test → records → diagnosis of the tests
//! that failed → report.

mod copy;
mod diagnosis;
mod examples;
mod expected;
mod json;
mod libtest;
mod lines;
mod nextest;
pub(crate) mod noise;
mod options;
mod output;
mod overlap;
mod processor;
mod project;
#[cfg(test)]
mod recorded;
mod records;
mod report;
mod results;
mod rounds;
mod throttle;
mod verdict;

use std::process::ExitCode;

use anyhow::Result;

use self::examples::Examples;
pub(crate) use self::options::Options;
use self::project::Project;
use self::verdict::Found;
use crate::progress::Progress;
use crate::suite::Suite;
use crate::terminal::print;
use crate::{interrupt, program};

/// Number of tests whose failures are diagnosed.
const MOST: usize = 10;

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    // Building the tests may replace this program.
    program::path()?;
    interrupt::catch()?;
    let mut progress = Progress::new();
    let project = Project::find(options)?;
    let mut examples = Examples::create(&project.target)?;
    let mut found = rounds::run(options, &project, &mut examples, &mut progress)?;
    if let Err(error) = diagnose(options, &project, &mut found, &mut progress) {
        progress.say(&format!("stopped the reruns: {error:#}"));
    }
    drop(progress);
    if options.json {
        print(json::render(options, &found)? + "\n")?;
    } else {
        print(report::render(options, &found))?;
    }
    Ok(ExitCode::from(found.verdict(options).status()))
}

/// Reruns the tests that failed, those with the most failures first.
fn diagnose(
    options: &Options,
    project: &Project,
    found: &mut Found,
    progress: &mut Progress,
) -> Result<()> {
    let offenders = found.records.offenders().into_iter();
    let offenders: Vec<_> = offenders
        .filter(|(test, _)| !test.is_whole())
        .take(MOST)
        .collect();
    if offenders.is_empty() || options.reruns == 0 || interrupt::is_due() {
        return Ok(());
    }
    progress.say("rerunning the tests that failed, to find out why");
    let suite = Suite::build(&project.selection())?;
    for (index, (test, record)) in offenders.iter().enumerate() {
        progress.show(|| format!("rerun {} of {}: {test}", index + 1, offenders.len()));
        // Examples in the documentation have no binary.
        if suite.binary(&test.binary).is_some() {
            let cause = diagnosis::diagnose(&suite, options, &found.overlaps, test, record)?;
            found.causes.insert((*test).clone(), cause);
        }
    }
    Ok(())
}
