//! The hosts of a state directory, as other processes see them: tools list them and end idle ones, and a
//! sweep removes the directories of those that have ended.

use std::fs::{self, File};
use std::io::{self, ErrorKind::NotFound};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{LIFE, STARTING, Seen, Serving, USERS, is_current, is_free, look, mark, remove};
use crate::config::{HOST_DIR, variables};
use crate::os::flock::{self, Strength};
use crate::os::terminate::terminate;
use crate::os::{self, marked, unless};
use crate::state::StateDir;
use crate::state::sweep::entries;

/// The state of a host.
pub(crate) enum Doing {
    /// It is starting, in this process once that has begun.
    Starting(Option<u32>),
    /// It serves, and a test uses it.
    InUse(Serving),
    /// It serves, and no test uses it.
    Idle(Serving),
    /// It could not start, for this reason.
    Failed(String),
    /// It has ended. Its supervisor may still be there.
    Ended,
}

/// The directories of all hosts, and what these are doing.
pub(crate) fn all(state_dir: &StateDir) -> impl Iterator<Item = (PathBuf, Doing)> {
    entries(state_dir.hosts()).filter_map(|path| {
        let doing = doing(&path).ok()?;
        Some((path, doing))
    })
}

fn doing(path: &Path) -> io::Result<Doing> {
    match look(path)? {
        Seen::Serving(serving) if is_unused(path)? => Ok(Doing::Idle(serving)),
        Seen::Serving(serving) => Ok(Doing::InUse(serving)),
        Seen::Failed { why, .. } => Ok(Doing::Failed(why)),
        Seen::Absent if is_started(path)? => Ok(Doing::Ended),
        Seen::Absent => Ok(Doing::Starting(starting(path))),
    }
}

/// The process of a host that is starting.
fn starting(path: &Path) -> Option<u32> {
    fs::read_to_string(path.join(STARTING)).ok()?.parse().ok()
}

/// Whether no host is starting.
fn is_started(dir: &Path) -> io::Result<bool> {
    let starting = dir.join(STARTING);
    Ok(is_free(&starting)? || !starting.exists())
}

/// Whether no test uses the host.
fn is_unused(dir: &Path) -> io::Result<bool> {
    let Some(users) = users(dir)? else {
        return Ok(false);
    };
    // The host itself, or a tool that ends it, has the lock exclusively, and only without users.
    let can_lock = |strength| flock::try_lock(&users, strength);
    Ok(can_lock(Strength::Exclusive)? || !can_lock(Strength::Shared)?)
}

fn users(dir: &Path) -> io::Result<Option<File>> {
    unless(NotFound, os::open_file(&dir.join(USERS)))
}

/// Keeps new users waiting until the file is closed, unless a test uses the host.
fn lock_unused(dir: &Path) -> io::Result<Option<File>> {
    let Some(users) = users(dir)? else {
        return Ok(None);
    };
    if flock::try_lock(&users, Strength::Exclusive)? {
        return Ok(Some(users));
    }
    // The host itself has the lock for a moment when its last user has gone, or longer if it stands still.
    let users = flock::lock_within(users, Strength::Shared, patience()?)?;
    let users = users.ok_or_else(does_not_end)?;
    Ok(flock::try_lock(&users, Strength::Exclusive)?.then_some(users))
}

/// How long a host may take for what it does at once.
fn patience() -> io::Result<Duration> {
    Ok(variables().map_err(io::Error::other)?.lock_timeout)
}

fn does_not_end() -> io::Error {
    io::Error::other("its host does not end; kill it")
}

/// Ends a host that no test uses, and removes its directory. Returns whether it did: a test may use
/// the host again.
pub(in crate::state) fn end_idle(path: &Path, serving: &Serving) -> io::Result<bool> {
    // No test can use it as long as this lock is held, and it does not end by itself.
    let Some(users) = lock_unused(path)? else {
        return Ok(false);
    };
    if !serving.is_alive()? || !marked::is(serving.process, HOST_DIR, &mark(path)) {
        return Ok(false);
    }
    terminate(serving.process)?;
    if let Some(life) = unless(NotFound, os::open_file(&path.join(LIFE)))? {
        let life = flock::lock_within(life, Strength::Exclusive, patience()?)?;
        life.ok_or_else(does_not_end)?;
    }
    drop(users);
    sweep_one(path, Duration::ZERO)?;
    Ok(true)
}

/// Removes the directories of hosts that have ended, and kills processes that are left of them.
pub(in crate::state) fn sweep(state_dir: &StateDir) {
    let linger = variables().map_or(Duration::ZERO, |variables| variables.linger);
    for path in entries(state_dir.hosts()) {
        let _ = sweep_one(&path, linger);
    }
}

/// Removes the directory of a host that has ended, unless it has failed so recently. Returns whether
/// it did.
pub(in crate::state) fn sweep_one(path: &Path, linger: Duration) -> io::Result<bool> {
    let (owner, _) = os::owner_and_mode(&fs::symlink_metadata(path)?);
    if ![owner, 0].contains(&os::user()) {
        // Only this user, or root, can kill what the host has left.
        return Ok(false);
    }
    let open = |name| unless(NotFound, os::open_file(&path.join(name)));
    let Some(users) = open(USERS)? else {
        // It is removed last, or a test is about to create it.
        return fs::remove_dir(path).map(|()| true);
    };
    let life = open(LIFE)?;
    for file in [Some(&users), life.as_ref()].into_iter().flatten() {
        if !flock::try_lock(file, Strength::Exclusive)? {
            return Ok(false);
        }
    }
    // With both locks, this process decides alone, unless another one has removed the file.
    if !is_current(path, &users)? {
        return Ok(false);
    }
    marked::kill(HOST_DIR, &mark(path))?;
    // Tests that come soon are to learn of a failure.
    if matches!(look(path)?, Seen::Failed { age, .. } if age < linger) {
        return Ok(false);
    }
    remove(path)?;
    Ok(true)
}
