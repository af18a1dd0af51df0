//! The state of all isolated tests on a machine, as `--json` prints it.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use isolated_test_core::inspect::{self, Holder, HostState, Process};
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
    /// By name.
    pub(super) hosts: Vec<Host>,
    /// The holders and waiters of all machines; `None` if no server is named.
    pub(super) machines: Option<Machines>,
    /// Oldest first.
    pub(super) kept: Vec<Kept>,
}

/// The holders and waiters of keys across machines.
#[derive(Debug, Serialize)]
pub(super) struct Machines {
    /// Why they cannot be listed.
    pub(super) why: Option<String>,
    /// By key, holders first.
    pub(super) tests: Vec<Remote>,
}

/// A holder or waiter of a key across machines.
#[derive(Debug, Serialize)]
pub(super) struct Remote {
    pub(super) lock: String,
    pub(super) waits: bool,
    pub(super) name: String,
    pub(super) machine: String,
    pub(super) pid: u32,
    pub(super) place: String,
    pub(super) since: u64,
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

/// A process that keeps a resource for all tests that need it.
#[derive(Debug, Serialize)]
pub(super) struct Host {
    /// That of its directory.
    pub(super) name: String,
    pub(super) pid: Option<u32>,
    pub(super) state: State,
    /// Why it has failed.
    pub(super) why: Option<String>,
    /// In milliseconds since 1970.
    pub(super) since: Option<u64>,
    pub(super) holds: Vec<String>,
    pub(super) wait: Option<Wait>,
    pub(super) log: PathBuf,
}

/// The state of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    Starting,
    InUse,
    Idle,
    Failed,
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
        // Before the processes, so that each host in the list has its process there.
        let hosts = inspect::hosts()?;
        let (of_hosts, of_tests): (Vec<_>, Vec<_>) = inspect::processes(&state_dir)
            .into_iter()
            .filter(|process| !process.holders.is_empty())
            .partition(|process| process.holders.iter().any(|holder| holder.is_host));
        let mut processes: Vec<_> = of_tests.into_iter().map(Running::of).collect();
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
            hosts: hosts
                .into_iter()
                .map(|host| Host::of(host, &of_hosts))
                .collect(),
            machines: Machines::read(),
            kept: kept.collect(),
        })
    }
}

impl Machines {
    fn read() -> Option<Self> {
        match inspect::machines() {
            Ok(None) => None,
            Ok(Some(found)) => Some(Machines {
                why: None,
                tests: found.into_iter().map(Remote::of).collect(),
            }),
            Err(error) => Some(Machines {
                why: Some(format!("{:#}", anyhow::Error::from(error))),
                tests: Vec::new(),
            }),
        }
    }
}

impl Remote {
    fn of(found: inspect::Remote) -> Self {
        Remote {
            lock: found.lock,
            waits: found.waits,
            name: found.name,
            machine: found.machine,
            pid: found.process,
            place: found.place,
            since: found.since,
        }
    }
}

impl Host {
    /// `processes` are those of all hosts.
    fn of(host: inspect::Host, processes: &[Process]) -> Host {
        let own = |process: &&Process| Some(process.id) == host.process;
        let holders = processes.iter().find(own).map(|process| &process.holders);
        // The guards of keys that it takes have the same name.
        let parts: Vec<_> = holders
            .into_iter()
            .flatten()
            .cloned()
            .map(Test::of)
            .collect();
        let (state, why) = match host.state {
            HostState::Starting => (State::Starting, None),
            HostState::InUse => (State::InUse, None),
            HostState::Idle => (State::Idle, None),
            HostState::Failed(why) => (State::Failed, Some(why)),
        };
        Host {
            name: host.name,
            pid: host.process,
            state,
            why,
            since: parts.iter().map(|part| part.since).min(),
            holds: parts.iter().flat_map(|part| part.holds.clone()).collect(),
            wait: parts.into_iter().find_map(|part| part.wait),
            log: host.log,
        }
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
