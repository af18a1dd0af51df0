//! The rounds. In each, all copies of the suite run at once beside the noise.

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
use crate::suite::{Runner, Suite, TestId};

/// The combined results of all rounds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) records: Records,
    /// Number of completed rounds.
    pub(crate) rounds: usize,
    pub(crate) time: Duration,
    /// Why the last round was cut off, if it was.
    pub(crate) cut_off: Option<&'static str>,
    /// The tests without a result because of the cut.
    pub(crate) without_result: Vec<TestId>,
    /// The folder of the examples.
    pub(crate) folder: PathBuf,
}

/// Builds the tests and runs them until the verdict is known, the limits are reached, or the
/// command is interrupted.
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
        records: Records::new(&suite),
        folder: examples.folder().to_owned(),
        ..Found::default()
    };
    let start = Instant::now();
    while !found.is_enough(options) {
        let mut round = Round::start(options, &project, &examples, found.rounds + 1)?;
        found.cut_off = round.wait(options, start)?;
        round.count(&suite, &mut examples, &mut found)?;
        found.rounds += usize::from(found.cut_off.is_none());
        found.time = start.elapsed();
        eprintln!("{}", report::progress(options, &found));
    }
    Ok(found)
}

/// The copies that run at the same time.
struct Round {
    number: usize,
    copies: Vec<(Runner, PathBuf, Copy)>,
}

impl Round {
    fn start(
        options: &Options,
        project: &Project,
        examples: &Examples,
        number: usize,
    ) -> Result<Self> {
        let mut copies = Vec::new();
        for index in 0..options.copies {
            let runner = runner(project, options, number, index);
            let name = format!("round-{number}-copy-{}.log", index + 1);
            let path = examples.folder().join(name);
            let copy = Copy::start(project.run(runner), &path)?;
            copies.push((runner, path, copy));
        }
        Ok(Self { number, copies })
    }

    /// Waits for all copies. Returns the reason if the round was cut off.
    fn wait(&mut self, options: &Options, start: Instant) -> Result<Option<&'static str>> {
        loop {
            let mut all_are_over = true;
            for (_, _, copy) in &mut self.copies {
                all_are_over &= copy.is_over(options.patience)?;
            }
            if all_are_over {
                return Ok(None);
            }
            if interrupt::is_due() {
                return Ok(Some("interrupted"));
            }
            if start.elapsed() > options.time {
                return Ok(Some("the time was up"));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Adds the results of all copies, and ends copies that are still running.
    fn count(self, suite: &Suite, examples: &mut Examples, found: &mut Found) -> Result<()> {
        for (index, (runner, path, copy)) in self.copies.into_iter().enumerate() {
            let ended = copy.end()?;
            let results = results::read(runner, suite, &ended);
            if ended.how == How::CutOff {
                let lost = suite.of(runner).filter(|test| !results.contains_key(test));
                found.without_result.extend(lost);
            }
            if !results.values().any(Outcome::is_failure) {
                fs::remove_file(&path)?;
            }
            let (round, copy, name) = (self.number, index + 1, runner.name());
            let path = path.display();
            let origin = format!("round {round}, copy {copy}, `{name}`: {path}");
            found.records.add(results, examples, &origin)?;
        }
        Ok(())
    }
}

/// Nextest runs every second copy, or every second round if there is only one copy.
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
