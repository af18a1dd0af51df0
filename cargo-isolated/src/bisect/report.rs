//! The report, as text and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::probe::Way;
use super::repeat::Repeat;
use super::search::{Found, Rate};
use crate::figures::{count, percent};
use crate::statistics::{CONFIDENCE, upper_bound};
use crate::suite::TestId;
use crate::terminal::{WIDEST, hanging};

/// The version of the JSON. It changes if a field gets another meaning or disappears.
const VERSION: u32 = 1;

/// The results for a test.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    version: u32,
    test: Test,
    confidence: f64,
    pub(crate) alone: Rate,
    /// The message of the first failure alone.
    pub(crate) message: Option<String>,
    pub(crate) ways: Vec<WayReport>,
    /// Number of runs with other tests.
    pub(crate) probes: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Test {
    binary: String,
    name: String,
}

impl From<&TestId> for Test {
    fn from(test: &TestId) -> Self {
        Self {
            binary: test.binary.clone(),
            name: test.name.clone(),
        }
    }
}

/// The results of one way.
#[derive(Debug, Serialize)]
pub(crate) struct WayReport {
    way: Way,
    /// Number of tests that could make it fail.
    candidates: usize,
    probes: u64,
    sets: Vec<Set>,
    /// The rate with all candidates that belong to no set, unless the search stopped before.
    rest: Option<Rate>,
}

/// Tests that together make the test fail.
#[derive(Debug, Serialize)]
struct Set {
    tests: Vec<Test>,
    #[serde(skip)]
    ids: Vec<TestId>,
    rate: Rate,
    /// Number of runs without any one of the tests, all of which passed.
    clean_runs_without: u64,
    message: String,
    command: String,
}

impl WayReport {
    pub(crate) fn new(
        way: Way,
        candidates: usize,
        probes: u64,
        found: Found,
        repeat: &Repeat,
    ) -> Self {
        let sets = found.sets.into_iter().map(|set| Set {
            command: repeat.command(way, &set.tests),
            tests: set.tests.iter().map(Test::from).collect(),
            ids: set.tests,
            rate: set.rate,
            clean_runs_without: set.clean,
            message: set.message,
        });
        Self {
            way,
            candidates,
            probes,
            sets: sets.collect(),
            rest: found.rest,
        }
    }

    pub(crate) fn has_culprits(&self) -> bool {
        self.sets.iter().any(|set| !set.tests.is_empty())
    }

    /// A line that sums up the search.
    pub(crate) fn line(&self) -> String {
        let sets = self.sets.iter().filter(|set| !set.tests.is_empty());
        let found = match sets.count() {
            0 => "found nothing".to_owned(),
            sets => format!("found {}", count(sets, "set")),
        };
        format!(
            "{}: {found} in {}",
            self.way.words(),
            count(self.probes, "run")
        )
    }

    fn write(&self, text: &mut String, confidence: f64) -> std::fmt::Result {
        let words = self.way.words();
        if self.candidates == 0 {
            let why = match self.way {
                Way::Before => "no test of its binary sorts before it",
                Way::Threads => "its binary has no further test",
                Way::Processes => "there is no other test",
            };
            return writeln!(text, "\n{words}: {why}");
        }
        for set in &self.sets {
            set.write(text, words, confidence)?;
        }
        if let Some(rate) = self.rest {
            let other = if self.sets.is_empty() { "" } else { "other " };
            let tests =
                self.candidates - self.sets.iter().map(|set| set.tests.len()).sum::<usize>();
            let bound = percent(upper_bound(0, rate.runs, CONFIDENCE));
            let (tests, runs) = (
                count(tests, &format!("{other}test")),
                count(rate.runs, "run"),
            );
            writeln!(text, "\n{words}: passes with {tests}")?;
            writeln!(
                text,
                "  {runs} without a failure: the rate is at most {bound}"
            )?;
        }
        Ok(())
    }
}

impl Set {
    fn write(&self, text: &mut String, words: &str, confidence: f64) -> std::fmt::Result {
        if self.tests.is_empty() {
            writeln!(text, "\n{words}: fails without any other test now and then")?;
            return writeln!(text, "{}", failure(&self.message));
        }
        let with = if self.tests.len() == 1 {
            "with"
        } else {
            "with all of"
        };
        writeln!(text, "\n{words}: fails {with}")?;
        for test in &self.ids {
            writeln!(text, "  {test}")?;
        }
        writeln!(text, "  failed in {}", self.rate)?;
        if self.clean_runs_without == 0 {
            writeln!(text, "  too seldom to show that each of them is needed")?;
        } else {
            let without = if self.tests.len() == 1 {
                "it"
            } else {
                "any one of them"
            };
            let (clean, confidence) = (self.clean_runs_without, percent(confidence));
            writeln!(
                text,
                "  without {without}: 0 of {clean} runs; needed with {confidence} confidence"
            )?;
        }
        writeln!(text, "{}", failure(&self.message))?;
        writeln!(text, "  repeat:  {}", self.command)
    }
}

fn failure(message: &str) -> String {
    hanging(&format!("failure: {message}"), [2, 11], WIDEST)
}

impl Report {
    pub(crate) fn new(test: &TestId, confidence: f64) -> Self {
        Self {
            version: VERSION,
            test: test.into(),
            confidence,
            alone: Rate::default(),
            message: None,
            ways: Vec::new(),
            probes: 0,
        }
    }

    /// The tests in the sets of a way.
    pub(crate) fn culprits(&self, way: Way) -> impl Iterator<Item = &TestId> {
        let ways = self.ways.iter().filter(move |found| found.way == way);
        ways.flat_map(|found| &found.sets).flat_map(|set| &set.ids)
    }

    /// The report as text. It draws no conclusion if the search stopped early.
    pub(crate) fn text(&self, is_partial: bool) -> String {
        let mut text = String::new();
        let _ = self.write(&mut text, is_partial);
        text
    }

    fn write(&self, text: &mut String, is_partial: bool) -> std::fmt::Result {
        let Rate { failures, runs } = self.alone;
        writeln!(text, "{} {}", self.test.binary, self.test.name)?;
        if failures > 0 {
            writeln!(text, "\nalone: fails in {}", self.alone)?;
            let message = self.message.as_deref().unwrap_or_default();
            writeln!(text, "{}", failure(message))?;
            return writeln!(text, "  no other test is needed");
        }
        writeln!(text, "\nalone: passes in {runs} of {runs} runs")?;
        for way in &self.ways {
            way.write(text, self.confidence)?;
        }
        if !is_partial && !self.ways.iter().any(WayReport::has_culprits) {
            writeln!(
                text,
                "\nno other test makes it fail; it may need load: `cargo isolated stress`"
            )?;
        }
        Ok(())
    }
}
