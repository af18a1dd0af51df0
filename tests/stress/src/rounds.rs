//! The rounds: in each, all copies of the suite run at once, beside the noise.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::copy::Copy;
use crate::examples::Examples;
use crate::interrupt;
use crate::noise::Noise;
use crate::options::Options;
use crate::project::Project;
use crate::records::Records;
use crate::report;
use crate::results::{self, How, Outcome};
use crate::suite::{Runner, Suite};

/// What all rounds have shown.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) records: Records,
    pub(crate) rounds: usize,
    pub(crate) time: Duration,
    /// Whether somebody has ended the command before.
    pub(crate) interrupted: bool,
    /// Where examples are.
    pub(crate) folder: PathBuf,
}

/// Builds the tests and runs them until enough is known.
pub(crate) fn run(options: &Options) -> Result<Found> {
    let mut noise = Noise::prepare(options.noise)?;
    let project = Project::find(options)?;
    let mut examples = Examples::create(&project.target)?;
    eprintln!("building and listing the tests");
    let suite = project.build(examples.folder())?;
    if !project.has_nextest {
        eprintln!("every copy is run by `cargo test`, because `cargo nextest` is not installed");
    }
    eprintln!("{}", report::start(options, &suite));
    noise.begin(examples.folder())?;

    let mut found = Found {
        folder: examples.folder().to_owned(),
        ..Found::default()
    };
    let start = Instant::now();
    while !found.is_enough(options) {
        if !run_round(options, &project, &suite, &mut examples, &mut found)? {
            found.interrupted = true;
            break;
        }
        found.rounds += 1;
        found.time = start.elapsed();
        eprintln!("{}", report::progress(options, &found));
    }
    Ok(found)
}

/// Runs all copies once; tells whether they came to their ends.
fn run_round(
    options: &Options,
    project: &Project,
    suite: &Suite,
    examples: &mut Examples,
    found: &mut Found,
) -> Result<bool> {
    let round = found.rounds + 1;
    let mut copies = Vec::new();
    for index in 0..options.copies {
        let runner = runner(project, options, round, index);
        let name = format!("round-{round}-copy-{}.log", index + 1);
        let path = examples.folder().join(name);
        let copy = Copy::start(project.run(runner), &path)?;
        copies.push((runner, path, copy));
    }
    loop {
        let mut all_are_over = true;
        for (_, _, copy) in &mut copies {
            all_are_over &= copy.is_over(options.patience)?;
        }
        if all_are_over {
            break;
        }
        if interrupt::is_due() {
            eprintln!("interrupted; the results of round {round} do not count");
            for (_, path, copy) in copies {
                copy.end()?;
                fs::remove_file(path)?;
            }
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(50));
    }
    for (index, (runner, path, copy)) in copies.into_iter().enumerate() {
        let ended = copy.end()?;
        let results = results::read(runner, suite, &ended);
        if !results.values().any(Outcome::is_failure) && ended.how == How::Well {
            fs::remove_file(&path)?;
        }
        let (copy, name) = (index + 1, runner.name());
        let origin = format!("round {round}, copy {copy}, `{name}`: {}", path.display());
        found.records.add(results, examples, &origin)?;
    }
    Ok(true)
}

/// Every second copy is run by nextest, and a single one in every second round.
fn runner(project: &Project, options: &Options, round: usize, index: usize) -> Runner {
    let turn = if options.copies == 1 {
        round - 1
    } else {
        index
    };
    if project.has_nextest && turn % 2 == 1 {
        Runner::Nextest
    } else {
        Runner::Libtest
    }
}
