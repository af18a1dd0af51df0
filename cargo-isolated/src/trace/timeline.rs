//! The timeline to draw: tests with their phases, in lanes. Times are in microseconds since the
//! first event.

use serde::{Deserialize, Serialize};

/// Everything that is known about the runs in a directory.
#[derive(Debug, Serialize)]
pub(crate) struct Timeline {
    /// The time of the first event, in microseconds since 1970.
    pub(crate) start: u64,
    /// The time of the last event.
    pub(crate) length: u64,
    /// The number of lines that could not be read.
    pub(crate) broken: usize,
    /// The time of the last event of a test. Hosts may stay longer.
    pub(crate) tested: u64,
    /// The number of processes with a trace, including the subprocesses of tests and not those of hosts.
    pub(crate) processes: usize,
    /// The number of hosts.
    pub(crate) hosts: usize,
    /// The processes, each with its lanes.
    pub(crate) groups: Vec<Group>,
    /// All tests, in the order in which they began.
    pub(crate) tests: Vec<Test>,
    /// The cost of waiting for each key, highest first.
    pub(crate) totals: Vec<Total>,
    /// Where the time of all tests went.
    pub(crate) phases: Phases,
    /// Suggestions that save time, the best first.
    pub(crate) suggestions: Vec<Suggestion>,
}

/// A process, or several processes of one program that ran one test each, or the hosts of a resource.
#[derive(Debug, Serialize)]
pub(crate) struct Group {
    /// The names of the program or host, and of the process.
    pub(crate) name: String,
    /// The process id, or that of the first process.
    pub(crate) pid: u32,
    /// The number of lanes.
    pub(crate) lanes: usize,
}

/// One test.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Test {
    /// The name of the test, with the crate before it.
    pub(crate) name: String,
    /// The program that ran it.
    #[serde(skip)]
    pub(crate) program: String,
    /// The binary as nextest calls it, if nextest ran it.
    #[serde(skip)]
    pub(crate) binary: Option<String>,
    /// The index of the trace file of its process.
    #[serde(skip)]
    pub(crate) file: usize,
    /// The id of the process that ran the test, or of the parent if the test ran in a subprocess.
    pub(crate) pid: u32,
    /// The id of the subprocess of the test, if it ran in one.
    pub(crate) child: Option<u32>,
    /// The name of its thread.
    pub(crate) thread: String,
    /// The number of its thread.
    pub(crate) number: u64,
    /// The source location: file and line.
    pub(crate) at: String,
    /// Its role, if it is not a test.
    pub(crate) role: Role,
    /// The index of its group.
    pub(crate) group: usize,
    /// Its lane in that group.
    pub(crate) lane: usize,
    /// When it began.
    pub(crate) begin: u64,
    /// When it held all its locks and could meet other tests; `None` if it never did.
    pub(crate) active: Option<u64>,
    /// When it ended.
    pub(crate) end: u64,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// How the body ended: `returned`, `panicked`, `died`, `dropped`, or `unable` to begin.
    pub(crate) how: String,
    /// The message of that end.
    pub(crate) why: String,
    /// Its activities.
    pub(crate) spans: Vec<Span>,
    /// Its waits.
    pub(crate) waits: Vec<Wait>,
    /// The locks that it held.
    pub(crate) locks: Vec<Lock>,
    /// If it did not pass: the tests that were active at the same time, longest overlap first.
    pub(crate) overlaps: Vec<Overlap>,
    /// The number of overlaps, including those that are not listed.
    pub(crate) overlapping: usize,
}

/// The role of an entry with phases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    #[default]
    Test,
    /// A guard that was acquired outside of all tests.
    Guard,
    /// The host of a resource that several tests use.
    Host,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// Unknown, because its process was killed or still runs.
    #[default]
    Unfinished,
}

/// An activity of a test over a period of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Span {
    /// The phase.
    pub(crate) phase: Phase,
    /// When it began.
    pub(crate) from: u64,
    /// When it ended.
    pub(crate) to: u64,
    /// The lock or resource.
    pub(crate) what: String,
}

/// The phases of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Phase {
    /// Waiting for a lock.
    Wait,
    /// Provisioning a resource.
    Provision,
    /// Running the body.
    Body,
    /// Releasing a resource.
    Release,
    /// Holding a key that was acquired outside of the attribute.
    Guard,
}

impl Phase {
    /// Returns the name of the phase.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Phase::Wait => "wait",
            Phase::Provision => "provision",
            Phase::Body => "body",
            Phase::Release => "release",
            Phase::Guard => "guard",
        }
    }
}

/// A wait for a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Wait {
    /// The lock, as `serial tcp`.
    pub(crate) want: String,
    /// When waiting began.
    pub(crate) from: u64,
    /// When the lock was acquired, or the wait given up.
    pub(crate) to: u64,
    /// Whether the lock was acquired in the end.
    pub(crate) is_had: bool,
    /// All holders that were in the way, in the order in which they were seen.
    pub(crate) behind: Vec<Holder>,
}

/// A lock that was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Lock {
    /// The lock, as `serial tcp`.
    pub(crate) want: String,
    /// How many may hold it, if it is a limited key and the trace says so.
    #[serde(skip)]
    pub(crate) limit: Option<u32>,
    /// When it was acquired.
    pub(crate) from: u64,
    /// When it was released.
    pub(crate) to: u64,
}

/// A holder that was in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    /// The name of the test.
    pub(crate) test: String,
    /// The id of its process.
    pub(crate) pid: u32,
}

/// A test that was active at the same time as another test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Overlap {
    /// The index of the test.
    pub(crate) test: usize,
    /// How long both were active.
    pub(crate) time: u64,
}

/// The cost of waiting for one key.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Total {
    /// The key; `None` for tests that run alone and those that wait for them.
    pub(crate) key: Option<String>,
    /// How often it was held.
    pub(crate) holders: usize,
    /// How often a test or guard waited for it.
    pub(crate) waits: usize,
    /// The total waiting time. Waits at the same time each count.
    pub(crate) time: u64,
    /// The longest wait.
    pub(crate) longest: u64,
    /// The index of the test with the longest wait.
    pub(crate) test: Option<usize>,
    /// The holders during the longest wait.
    pub(crate) behind: Vec<Holder>,
}

impl Test {
    /// Whether it is a test.
    #[must_use]
    pub(crate) fn is_test(&self) -> bool {
        self.role == Role::Test
    }
}

impl Timeline {
    /// All tests and guards.
    pub(crate) fn without_hosts(&self) -> impl Iterator<Item = &Test> {
        self.tests.iter().filter(|test| test.role != Role::Host)
    }

    /// Returns the number of tests with this outcome.
    #[must_use]
    pub(crate) fn count(&self, outcome: Outcome) -> usize {
        let is = |test: &&Test| test.is_test() && test.outcome == outcome;
        self.tests.iter().filter(is).count()
    }
}

/// The total time of all tests, by what they did. Tests that ran at the same time each count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Phases {
    pub(crate) wait: u64,
    pub(crate) provision: u64,
    pub(crate) body: u64,
    pub(crate) release: u64,
    /// Between the phases.
    pub(crate) rest: u64,
}

/// A change that would save time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Suggestion {
    /// The most that it can save, in microseconds.
    pub(crate) saves: u64,
    pub(crate) text: String,
}
