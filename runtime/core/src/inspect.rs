//! The activity in a state directory, for the tools of this workspace. Not for users: it may
//! change in any release.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::config::variables;
use crate::error::Error;
use crate::lock::holder::{self, HeldLock, RecordedBlock};
pub use crate::lock::machines::Remote;
use crate::name::is_host;
use crate::os;
#[cfg(unix)]
use crate::state::host::Doing;
use crate::state::{self, KeptDir, StateDir};

/// A living process that has a record.
#[derive(Debug, Clone)]
pub struct Process {
    /// The process identifier.
    pub id: u32,
    /// The directory of its package if Cargo or nextest has started it, or else its initial working
    /// directory. Unknown if the path is not UTF-8.
    pub directory: Option<PathBuf>,
    /// Its running tests or its host, and the guards of keys that it holds or waits for.
    pub holders: Vec<Holder>,
}

/// A running test or host, or a guard outside of the attribute.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The name, as in messages.
    pub name: String,
    /// The package and the source location: `package shop, src/checkout.rs:12`.
    pub place: String,
    /// Whether it is not a test but a host, which [`hosts`] lists too.
    pub is_host: bool,
    /// When it began, in milliseconds since the Unix epoch.
    pub since: u64,
    /// The locks that it holds, as in messages: `serial "tcp"`. A lock that is being acquired is
    /// among them for a moment.
    pub locks: Vec<String>,
    /// The lock for which it waits, if it has waited for about 50 ms.
    pub wait: Option<Wait>,
}

/// A wait for a lock.
#[derive(Debug, Clone)]
pub struct Wait {
    /// The lock, as in messages.
    pub lock: String,
    /// When the wait began, in milliseconds since the Unix epoch.
    pub since: u64,
    /// The holders in the way, longest first: name and process identifier. Others may be ahead in
    /// the queue, and hold nothing yet.
    pub behind: Vec<(String, u32)>,
}

/// A directory of a test that was kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The directory.
    pub path: PathBuf,
    /// The name of the test, as in messages.
    pub test: Option<String>,
    /// The directory of its package, as in [`Process`].
    pub directory: Option<PathBuf>,
    /// When the test ended.
    pub since: Option<SystemTime>,
    /// The size of the files in it, as far as they can be read.
    pub bytes: u64,
}

/// A host, which keeps a resource for all tests that need it.
#[derive(Debug, Clone)]
pub struct Host {
    /// The name of its directory: that of the resource, and a hash.
    pub name: String,
    /// The process identifier, unless it has failed or has just been started.
    pub process: Option<u32>,
    /// Its state.
    pub state: HostState,
    /// The file to which it prints.
    pub log: PathBuf,
}

/// The state of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostState {
    /// It is starting.
    Starting,
    /// It serves, and a test uses it.
    InUse,
    /// It serves, and no test uses it.
    Idle,
    /// It could not start, for this reason.
    Failed(String),
}

/// The result of [`clean`].
#[derive(Debug, Clone, Default)]
pub struct Cleanup {
    /// The removed kept directories.
    pub kept: Vec<Kept>,
    /// The removed records of dead processes, with the number of bytes in these and in the
    /// directories beside them.
    pub dead: Vec<(PathBuf, u64)>,
    /// The hosts that were ended, because no test used them, and those that had ended.
    pub hosts: Vec<LeftHost>,
    /// Unused files and directories that could not be removed, and the reasons.
    pub failed: Vec<(PathBuf, String)>,
    /// The number of living processes, whose files stay.
    pub alive: usize,
}

/// A host that no test uses, and whose directory is removed.
#[derive(Debug, Clone)]
pub struct LeftHost {
    /// The directory.
    pub path: PathBuf,
    /// The size of the files in it.
    pub bytes: u64,
    /// The process that was ended, or `None` if it had ended before.
    pub process: Option<u32>,
}

/// The state directory that tests use with the variables of this process. It may not exist.
///
/// # Errors
///
/// Fails when an `ISOLATED_*` variable is misread.
pub fn state_dir() -> Result<PathBuf, Error> {
    let dir = variables()?.dir.clone();
    Ok(dir.unwrap_or_else(os::default_state_dir))
}

/// The living processes of a state directory. Changes nothing there.
#[must_use]
pub fn processes(state_dir: &Path) -> Vec<Process> {
    let records: Vec<_> = holder::all(&state_dir.join("runs")).collect();
    let blocks = || {
        let each = records.iter();
        each.flat_map(|record| record.blocks.iter().map(|block| (block, record.process)))
    };
    let behind = |wanted: &HeldLock, waiter: &RecordedBlock| {
        let mut found = Vec::new();
        for (block, process) in blocks().filter(|(block, _)| !std::ptr::eq(*block, waiter)) {
            let in_the_way = block.held.iter().find(|held| held.is_in_the_way_of(wanted));
            found.extend(in_the_way.map(|held| (held.since, block.name.clone(), process)));
        }
        found.sort();
        let named = found.into_iter().map(|(_, name, process)| (name, process));
        named.collect()
    };
    let holder = |block: &RecordedBlock| Holder {
        name: block.name.clone(),
        place: block.place.clone(),
        is_host: is_host(&block.name),
        since: block.since,
        locks: block.held.iter().map(in_words).collect(),
        wait: block.waits.as_ref().map(|wanted| Wait {
            lock: in_words(wanted),
            since: wanted.since,
            behind: behind(wanted, block),
        }),
    };
    let process = |record: &holder::ProcessRecord| Process {
        id: record.process,
        directory: record.directory.clone(),
        holders: record.blocks.iter().map(holder).collect(),
    };
    records.iter().map(process).collect()
}

fn in_words(lock: &HeldLock) -> String {
    let lock_in_words = lock.subject.in_mode(lock.mode);
    match &lock.item {
        Some(item) => format!("{lock_in_words} with {item:?}"),
        None => lock_in_words,
    }
}

/// The kept directories of the state directory that tests use with the variables of this process,
/// oldest first. Changes nothing there.
///
/// # Errors
///
/// Fails when an `ISOLATED_*` variable is misread, or when tests would refuse the directory.
pub fn kept() -> Result<Vec<Kept>, Error> {
    let state_dir = state::existing()?;
    let found = state_dir.iter().flat_map(state::clean::kept);
    let mut all: Vec<_> = found.map(|kept| Kept::of(kept, None)).collect();
    all.sort_by(|one, other| (one.since, &one.path).cmp(&(other.since, &other.path)));
    Ok(all)
}

/// The hosts of the state directory that tests use with the variables of this process, except those
/// that have ended. Changes nothing there.
///
/// # Errors
///
/// Fails when an `ISOLATED_*` variable is misread, or when tests would refuse the directory.
#[cfg(unix)]
pub fn hosts() -> Result<Vec<Host>, Error> {
    let state_dir = state::existing()?;
    let all = state_dir.iter().flat_map(state::host::all);
    let mut hosts: Vec<_> = all
        .filter_map(|(dir, doing)| Host::of(&dir, doing))
        .collect();
    hosts.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(hosts)
}

/// There are no hosts on this system.
///
/// # Errors
///
/// Never fails.
#[cfg(not(unix))]
pub fn hosts() -> Result<Vec<Host>, Error> {
    Ok(Vec::new())
}

#[cfg(unix)]
impl Host {
    fn of(dir: &Path, doing: Doing) -> Option<Self> {
        let (process, state) = match doing {
            Doing::Starting(process) => (process, HostState::Starting),
            Doing::InUse(serving) => (Some(serving.process), HostState::InUse),
            Doing::Idle(serving) => (Some(serving.process), HostState::Idle),
            Doing::Failed(why) => (None, HostState::Failed(why)),
            Doing::Ended => return None,
        };
        Some(Host {
            name: dir.file_name()?.to_string_lossy().into_owned(),
            log: state::host::log_path(dir),
            process,
            state,
        })
    }
}

/// The holders and waiters of keys across machines, in the database that `ISOLATED_LOCKS` names; `None` if
/// it is not set or this build knows no such keys. Those of another role are listed only if this one may see their statements.
///
/// # Errors
///
/// Fails when an `ISOLATED_*` variable is misread, and when the server cannot be asked.
pub fn machines() -> Result<Option<Vec<Remote>>, Error> {
    crate::lock::machines::all()
}

/// Removes everything from the state directory that no living process uses: the files of dead
/// processes, and all kept directories. Ends hosts that no test uses. With `dry_run`, only lists it.
/// Lock files always stay.
///
/// # Errors
///
/// Fails when an `ISOLATED_*` variable is misread, or when tests would refuse the directory.
pub fn clean(dry_run: bool) -> Result<Cleanup, Error> {
    let state_dir = state::existing()?;
    let found = state_dir.map(|state_dir: StateDir| state::clean::clean(&state_dir, dry_run));
    let found = found.unwrap_or_default();
    let hosts = found.hosts.into_iter().map(|host| LeftHost {
        path: host.path,
        bytes: host.bytes,
        process: host.process,
    });
    let mut cleanup = Cleanup {
        hosts: hosts.collect(),
        failed: found.failed,
        alive: found.alive,
        ..Cleanup::default()
    };
    for leftover in found.removed {
        match leftover.kept {
            Some(kept) => cleanup.kept.push(Kept::of(kept, Some(leftover.bytes))),
            None => cleanup.dead.push((leftover.path, leftover.bytes)),
        }
    }
    Ok(cleanup)
}

impl Kept {
    /// Measures the directory unless its size is known.
    fn of(kept: KeptDir, bytes: Option<u64>) -> Self {
        Kept {
            bytes: bytes.unwrap_or_else(|| state::clean::size(&kept.path)),
            path: kept.path,
            test: kept.test,
            directory: kept.directory,
            since: kept.since,
        }
    }
}
