//! The rounds. In each, all copies of the suite run at once beside the noise.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::copy::Copy;
use super::examples::Examples;
use super::expected::{Expected, Runner};
use super::lines::Lines;
use super::noise::Noise;
use super::options::Options;
use super::processor::refusal;
use super::project::Project;
use super::records::Records;
use super::results::{How, Outcome};
use super::throttle::{Throttle, Use};
use super::verdict::Found;
use super::{nextest, output, report};
use crate::interrupt;
use crate::progress::Progress;

/// The tests of each runner.
type Listed = Vec<(Runner, Expected)>;

/// Runs the tests until the verdict is known, the limits are reached, or the command is interrupted.
pub(crate) fn run(
    options: &Options,
    project: &Project,
    examples: &mut Examples,
    progress: &mut Progress,
) -> Result<Found> {
    progress.say("building and listing the tests");
    if project.misses_nextest {
        progress.say(
            "without nextest, the tests of a binary share a process; install it with `cargo install \
             cargo-nextest`",
        );
    }
    let listed = project
        .runners
        .iter()
        .map(|runner| Ok((*runner, project.list(*runner, examples.folder())?)))
        .collect::<Result<Listed>>()?;
    let tests = listed.iter().flat_map(|(runner, tests)| tests.of(*runner));
    let mut found = Found {
        records: Records::new(tests),
        folder: examples.folder().to_owned(),
        ..Found::default()
    };
    progress.say(&report::start(options, &found));
    if let (Some(refusal), Some(_)) = (refusal(), options.throttle.0) {
        progress.say(&format!("no copy is throttled: {refusal}"));
    }
    let _noise = match options.noise() {
        0 => None,
        workers => Some(Noise::all(workers, examples.folder())?),
    };
    let start = Instant::now();
    while !found.is_enough(options) {
        let mut round = Round::start(options, &listed, project, examples, found.rounds)?;
        found.cut_off = round.wait(options, start, |time| {
            found.time = time;
            progress.show(|| report::during(options, &found));
        })?;
        round.count(examples, &mut found)?;
        found.rounds += usize::from(found.cut_off.is_none());
        found.time = start.elapsed();
        progress.say(&report::after(options, &found));
    }
    Ok(found)
}

/// The copies that run at the same time.
struct Round<'a> {
    number: usize,
    copies: Vec<Started<'a>>,
}

/// A running copy.
struct Started<'a> {
    runner: Runner,
    expected: &'a Expected,
    path: PathBuf,
    copy: Copy,
    _throttle: Option<Throttle>,
}

impl<'a> Round<'a> {
    /// Starts the copies. Runners take turns, and each second copy is throttled.
    fn start(
        options: &Options,
        listed: &'a Listed,
        project: &Project,
        examples: &Examples,
        index: usize,
    ) -> Result<Self> {
        let mut copies = Vec::new();
        for copy in 0..options.copies {
            // A single copy takes turns between rounds.
            let turn = if options.copies == 1 { index } else { copy };
            let (runner, expected) = &listed[turn % listed.len()];
            let name = format!("round-{}-copy-{}.log", index + 1, copy + 1);
            let path = examples.folder().join(name);
            // Its thread is started here, so that it is not throttled.
            let lines = Lines::start(&path)?;
            let start = || Ok(Copy::start(project.run(*runner), lines)?);
            let part = options.share();
            // With two runners, this turns at half the speed, so that each is throttled.
            let is_turn = (turn / listed.len() + index) % 2 == 1;
            let throttle = match part.filter(|_| is_turn) {
                Some(part) => Some(Throttle::start(part, Use::InBursts, index + copy)?),
                None => None,
            };
            let copy = match &throttle {
                Some(throttle) => throttle.within(start)?,
                None => start()?,
            };
            copies.push(Started {
                runner: *runner,
                expected,
                path,
                copy,
                _throttle: throttle,
            });
        }
        let number = index + 1;
        Ok(Self { number, copies })
    }

    /// Waits for all copies. Returns the reason if the round was cut off.
    fn wait(
        &mut self,
        options: &Options,
        start: Instant,
        mut show: impl FnMut(Duration),
    ) -> Result<Option<&'static str>> {
        /// The interval between checks whether to stop: a signal handler can wake no thread.
        const STEP: Duration = Duration::from_millis(50);
        loop {
            let mut has_ended = true;
            for started in &mut self.copies {
                // Only the first copy that is still running is waited for.
                let time = if has_ended { STEP } else { Duration::ZERO };
                has_ended &= started.copy.wait(time, options.patience)?;
            }
            if has_ended {
                return Ok(None);
            }
            if interrupt::is_due() {
                return Ok(Some("interrupted"));
            }
            if start.elapsed() > options.time {
                return Ok(Some("the time was up"));
            }
            show(start.elapsed());
        }
    }

    /// Adds the results of all copies, and ends copies that are still running.
    fn count(self, examples: &mut Examples, found: &mut Found) -> Result<()> {
        let mut spans = Vec::new();
        for (index, started) in self.copies.into_iter().enumerate() {
            let Started {
                runner,
                expected,
                path,
                copy,
                ..
            } = started;
            let (ended, lines) = copy.end()?;
            if runner == Runner::Nextest {
                spans.extend(nextest::spans(expected, &lines));
            }
            let results = output::read(runner, expected, &ended);
            if ended.how == How::CutOff {
                let all = expected.of(runner);
                found
                    .without_result
                    .extend(all.filter(|test| !results.contains_key(test)));
            }
            if !results.values().any(Outcome::is_failure) {
                fs::remove_file(&path)?;
            }
            let (round, copy, name) = (self.number, index + 1, runner.name());
            let path = path.display();
            let origin = format!("round {round}, copy {copy}, `{name}`: {path}");
            found.records.add(results, examples, &origin)?;
        }
        found.overlaps.add(spans);
        Ok(())
    }
}
