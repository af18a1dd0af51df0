//! The state of all isolated tests on a machine, as `--json` prints it.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use isolated_test_core::inspect::{self, Holder, Process};
use serde::Serialize;

/// The version of this format. It changes if a field gets another meaning or disappears.
const VERSION: u32 = 1;

/// The name in `inspect` of the lock that each test holds so that another can run alone.
const EVERYONE: &str = "the lock of all tests";

/// The activity of all tests that use one state directory.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) version: u32,
    pub(super) state_dir: PathBuf,
    pub(super) processes: Vec<Running>,
    /// Oldest first.
    pub(super) kept: Vec<Kept>,
}

/// A process with isolated tests.
#[derive(Debug, Serialize)]
pub(super) struct Running {
    pub(super) pid: u32,
    /// The root of the repository, or else the directory of the package.
    pub(super) checkout: Option<PathBuf>,
    pub(super) tests: Vec<Test>,
}

/// A running test, or a key that was taken outside of tests.
#[derive(Debug, Serialize)]
pub(super) struct Test {
    pub(super) name: String,
    /// Package, file and line.
    pub(super) place: String,
    /// In milliseconds since 1970.
    pub(super) since: u64,
    pub(super) holds: Vec<String>,
    pub(super) wait: Option<Wait>,
}

/// A wait that has lasted for some time.
#[derive(Debug, Serialize)]
pub(super) struct Wait {
    #[serde(rename = "for")]
    pub(super) lock: String,
    pub(super) since: u64,
    /// Its holders, longest first.
    pub(super) behind: Vec<Behind>,
}

#[derive(Debug, Serialize)]
pub(super) struct Behind {
    pub(super) test: String,
    pub(super) pid: u32,
}

/// A kept directory.
#[derive(Debug, Serialize)]
pub(super) struct Kept {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) test: Option<String>,
    pub(super) checkout: Option<PathBuf>,
    pub(super) since: Option<u64>,
}

impl Report {
    /// Reads the state directory.
    pub(super) fn read() -> Result<Report> {
        let state_dir = inspect::state_dir()?;
        let mut processes: Vec<_> = inspect::processes(&state_dir)
            .into_iter()
            .filter(|process| !process.holders.is_empty())
            .map(Running::of)
            .collect();
        processes.sort_by(|one, other| (&one.checkout, one.pid).cmp(&(&other.checkout, other.pid)));
        let kept = inspect::kept()?.into_iter().map(|kept| Kept {
            path: kept.path,
            bytes: kept.bytes,
            test: kept.test,
            checkout: kept.directory.map(checkout_of),
            since: kept.since.map(milliseconds),
        });
        Ok(Report {
            version: VERSION,
            state_dir,
            processes,
            kept: kept.collect(),
        })
    }
}

impl Running {
    fn of(process: Process) -> Running {
        let mut tests: Vec<_> = process.holders.into_iter().map(Test::of).collect();
        tests.sort_by_key(|test| test.since);
        Running {
            pid: process.id,
            checkout: process.directory.map(checkout_of),
            tests,
        }
    }
}

impl Test {
    fn of(holder: Holder) -> Test {
        let wait = holder.wait.map(|wait| Wait {
            lock: wait.lock,
            since: wait.since,
            behind: wait
                .behind
                .into_iter()
                .map(|(test, pid)| Behind { test, pid })
                .collect(),
        });
        let is_awaited = |lock: &String| wait.as_ref().is_some_and(|wait| wait.lock == *lock);
        let mut holds = holder.locks;
        holds.retain(|lock| lock != EVERYONE && !is_awaited(lock));
        Test {
            name: holder.name,
            place: holder.place,
            since: holder.since,
            holds,
            wait,
        }
    }
}

/// The repository of a directory, or the directory itself.
fn checkout_of(dir: PathBuf) -> PathBuf {
    let is_repository = |dir: &&Path| {
        [".git", ".jj", ".hg"]
            .iter()
            .any(|name| dir.join(name).exists())
    };
    let found = dir.ancestors().find(is_repository).map(Path::to_owned);
    found.unwrap_or(dir)
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
