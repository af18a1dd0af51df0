//! What is drawn: tests with their phases, in lanes. Times are microseconds since the first event.

use serde::{Deserialize, Serialize};

/// Everything that is known about the runs of a directory.
#[derive(Debug, Serialize)]
pub struct Timeline {
    /// The first event, in microseconds since 1970.
    pub start: u64,
    /// The last event.
    pub length: u64,
    /// How many lines could not be read.
    pub broken: usize,
    /// How many processes have written something, those of single tests included.
    pub processes: usize,
    /// The processes, each with its lanes.
    pub groups: Vec<Group>,
    /// All tests in the order in which they began.
    pub tests: Vec<Test>,
    /// What waiting for each key has cost, the dearest first.
    pub totals: Vec<Total>,
}

/// A process, or many of one program that had one test each.
#[derive(Debug, Serialize)]
pub struct Group {
    /// The program and the process.
    pub name: String,
    /// The process, or the first one.
    pub pid: u32,
    /// How many lanes it has.
    pub lanes: usize,
}

/// One test.
#[derive(Debug, Default, Serialize)]
pub struct Test {
    /// Its name, with the crate before it.
    pub name: String,
    /// The program that ran it.
    #[serde(skip)]
    pub program: String,
    /// The index of the file that its process has written.
    #[serde(skip)]
    pub file: usize,
    /// The process that ran it, or was the parent of its own.
    pub pid: u32,
    /// The process of the test's own, if it had one.
    pub child: Option<u32>,
    /// The name of its thread.
    pub thread: String,
    /// The number of its thread.
    pub number: u64,
    /// Where it stands: file and line.
    pub at: String,
    /// Whether this is no test but a guard that somebody took outside of all tests.
    pub is_guard: bool,
    /// The index of its group.
    pub group: usize,
    /// Its lane in that group.
    pub lane: usize,
    /// When it began.
    pub begin: u64,
    /// When it had all its locks, and so could meet others; nothing if it never had.
    pub active: Option<u64>,
    /// When it had ended.
    pub end: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// How the body ended: `returned`, `panicked`, `died`, `dropped`, or `unable` to begin.
    pub how: String,
    /// The message that came with it.
    pub why: String,
    /// What it did.
    pub spans: Vec<Span>,
    /// What it waited for.
    pub waits: Vec<Wait>,
    /// What it held.
    pub locks: Vec<Lock>,
    /// If it failed: who was active at the same time, the longest first.
    pub overlaps: Vec<Overlap>,
    /// How many there are, if there are too many to list.
    pub overlapping: usize,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// Its process has not said: it was killed, or still runs.
    #[default]
    Unfinished,
}

/// What a test did for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// What it did.
    pub phase: Phase,
    /// When it began to.
    pub from: u64,
    /// When it had done it.
    pub to: u64,
    /// With what: a lock or a resource.
    pub what: String,
}

/// What a test can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Waiting for a lock.
    Wait,
    /// Provisioning a resource.
    Provision,
    /// Running the body.
    Body,
    /// Releasing a resource.
    Release,
    /// Holding a key that was taken outside of the attribute.
    Guard,
}

impl Phase {
    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Phase::Wait => "wait",
            Phase::Provision => "provision",
            Phase::Body => "body",
            Phase::Release => "release",
            Phase::Guard => "guard",
        }
    }
}

/// A lock that was waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wait {
    /// The lock, as `serial tcp`.
    pub want: String,
    /// When waiting began.
    pub from: u64,
    /// When the lock was held, or was given up.
    pub to: u64,
    /// Whether the lock was had in the end.
    pub is_had: bool,
    /// Everybody who was in the way, in the order in which they were seen.
    pub behind: Vec<Holder>,
}

/// A lock that was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// The lock, as `serial tcp`.
    pub want: String,
    /// When it was got.
    pub from: u64,
    /// When it was given back.
    pub to: u64,
}

/// Somebody who was in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The name of the test.
    pub test: String,
    /// Its process.
    pub pid: u32,
}

/// A test that was active at the same time as another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// The index of the test.
    pub test: usize,
    /// For how long.
    pub time: u64,
}

/// What waiting for one key has cost.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Total {
    /// The key, or nothing for tests that run alone and those that wait for them.
    pub key: Option<String>,
    /// How often it was held.
    pub holders: usize,
    /// How often somebody waited.
    pub waits: usize,
    /// For how long in all; those who wait at the same time each count.
    pub time: u64,
    /// For how long at most.
    pub longest: u64,
    /// The index of the test that waited for the longest.
    pub test: Option<usize>,
    /// Behind whom it did.
    pub behind: Vec<Holder>,
}

impl Timeline {
    /// Returns how many tests have ended in some way.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        let is = |test: &&Test| !test.is_guard && test.outcome == outcome;
        self.tests.iter().filter(is).count()
    }

    /// Returns for how long all of them together have waited.
    #[must_use]
    pub fn waited(&self) -> u64 {
        self.totals.iter().map(|total| total.time).sum()
    }
}
