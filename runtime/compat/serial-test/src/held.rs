//! The locks that are held, and those that this thread holds. A call nested in one that holds the key
//! does not wait.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use isolated_test_core::{Error, ErrorKind, Guard, Key};

use crate::claim::{Claim, Mode, key_of_all, key_of_file, key_of_package};
use crate::file;

/// A lock that is held until the last call that uses it has ended.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    key: Key,
    mode: Mode,
    // Drops first, so that the next holder of the key finds the file free.
    _file: Option<Arc<File>>,
    _guard: Option<Arc<Ours>>,
}

thread_local! {
    /// The locks under which this thread runs, each with the number of its call.
    static HERE: RefCell<Vec<(u64, Held)>> = const { RefCell::new(Vec::new()) };
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// Adds these locks to the thread, and returns the number of the call.
pub(crate) fn enter(locks: &[Held]) -> u64 {
    let number = LAST.get() + 1;
    LAST.set(number);
    let new = locks.iter().map(|held| (number, held.clone()));
    let _ = HERE.try_with(|here| here.borrow_mut().extend(new));
    number
}

/// Undoes [`enter`]. Releases the locks that no other call uses.
pub(crate) fn leave(number: u64) {
    // Do not borrow the list while releasing a lock.
    let left = HERE.try_with(|here| {
        let mut here = here.borrow_mut();
        let (left, stay): (Vec<_>, Vec<_>) =
            here.drain(..).partition(|(other, _)| *other == number);
        *here = stay;
        left
    });
    drop(left);
}

/// Whether this thread holds the key exclusively.
pub(crate) fn is_serial_here(key: Key) -> bool {
    held_here(key).is_some_and(|held| held.mode == Mode::Exclusive)
}

/// The strongest lock on a key under which this thread runs.
fn held_here(key: Key) -> Option<Held> {
    let strongest = HERE.try_with(|here| {
        let here = here.borrow();
        let of_key = here.iter().filter(|(_, held)| held.key == key);
        of_key
            .max_by_key(|(_, held)| held.mode)
            .map(|(_, held)| held.clone())
    });
    strongest.ok().flatten()
}

/// One requested lock.
struct Want {
    key: Key,
    mode: Mode,
    file: Option<PathBuf>,
}

/// Acquires all locks of an attribute in key order, each in the strongest requested mode.
#[track_caller]
pub(crate) fn acquire(
    is_tested: bool,
    package: Option<&str>,
    claims: &[Claim],
) -> Result<Vec<Held>, String> {
    let mut wants: Vec<Want> = Vec::with_capacity(claims.len());
    for claim in claims {
        let want = want(*claim, is_tested, package)?;
        match wants.iter_mut().find(|other| other.key == want.key) {
            Some(other) => other.mode = other.mode.max(want.mode),
            None => wants.push(want),
        }
    }
    wants.sort_unstable_by_key(|want| want.key);
    let mut held = Vec::with_capacity(wants.len());
    for want in wants {
        held.push(acquire_one(want)?);
    }
    Ok(held)
}

fn want(claim: Claim, is_tested: bool, package: Option<&str>) -> Result<Want, String> {
    let (mode, key, file) = match claim {
        Claim::Serial(name) => (
            Mode::Exclusive,
            key_of_package(name, is_tested, package),
            None,
        ),
        Claim::Parallel(name) => (Mode::Shared, key_of_package(name, is_tested, package), None),
        Claim::FileSerial(name) => (Mode::Exclusive, key_of_all(name), None),
        Claim::FileParallel(name) => (Mode::Shared, key_of_all(name), None),
        Claim::SerialAt(path) | Claim::ParallelAt(path) => {
            let path = file::real_path(Path::new(path))
                .map_err(|error| format!("failed to open the lock file `{path}`: {error}"))?;
            let mode = match claim {
                Claim::SerialAt(_) => Mode::Exclusive,
                _ => Mode::Shared,
            };
            (mode, key_of_file(&path), Some(path))
        }
    };
    let key = key.map_err(|error| format!("{error:?}"))?;
    Ok(Want { key, mode, file })
}

#[track_caller]
fn acquire_one(want: Want) -> Result<Held, String> {
    let Want { key, mode, file } = want;
    if let Some(held) = held_here(key) {
        if held.mode >= mode {
            return Ok(held);
        }
        return Err(format!(
            "failed to lock serial {:?}, because the caller holds it as `parallel`, which never \
             becomes `serial` while it is held; make the caller `serial`",
            key.name()
        ));
    }
    let guard = wait_for(key, mode).map_err(|error| format!("{error:?}"))?;
    let file = file.map(|path| {
        file::lock(&path, mode)
            .map(Arc::new)
            .map_err(|error| format!("failed to lock `{}`: {error}", path.display()))
    });
    Ok(Held {
        key,
        mode,
        _file: file.transpose()?,
        _guard: guard.map(Arc::new),
    })
}

/// Acquires a key, even if it comes before one that this thread holds. Returns no guard if the current
/// test holds the key through `#[isolated(serial = ...)]`.
///
/// The runtime refuses to wait out of order, because two threads could wait for each other. The
/// original allows it, and in most tests no such two threads exist. So another thread, which holds nothing,
/// does the waiting. A deadlock ends after `ISOLATED_LOCK_TIMEOUT` with an error that names the holder.
#[track_caller]
fn wait_for(key: Key, mode: Mode) -> Result<Option<Ours>, Error> {
    let refused = match lock(key, mode) {
        Err(refused) if matches!(refused.kind(), ErrorKind::LockHeld | ErrorKind::LockOrder) => {
            refused
        }
        answer => return answer.map(|guard| Some(Ours::new(guard))),
    };
    let free = match mode {
        Mode::Shared => key.try_lock_shared()?,
        Mode::Exclusive => key.try_lock()?,
    };
    if let Some(guard) = free {
        return Ok(Some(Ours::new(guard)));
    }
    if refused.kind() == ErrorKind::LockOrder {
        return thread::scope(|scope| {
            let waiting = scope.spawn(|| lock(key, mode).map(|guard| Some(Ours::new(guard))));
            waiting.join().unwrap_or_else(|panic| resume_unwind(panic))
        });
    }
    // Another future may hold it, which this thread cannot poll while it waits.
    if Ours::is_held_here(key) {
        return Err(refused);
    }
    Ok(None)
}

/// A guard that this crate acquired, with the thread that acquired it.
#[derive(Debug)]
struct Ours {
    guard: Guard,
    thread: ThreadId,
}

static OURS: Mutex<Vec<(Key, ThreadId)>> = Mutex::new(Vec::new());

impl Ours {
    fn new(guard: Guard) -> Self {
        let thread = thread::current().id();
        let mut ours = OURS.lock().unwrap_or_else(PoisonError::into_inner);
        ours.push((guard.key(), thread));
        Ours { guard, thread }
    }

    fn is_held_here(key: Key) -> bool {
        let ours = OURS.lock().unwrap_or_else(PoisonError::into_inner);
        ours.contains(&(key, thread::current().id()))
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let this = (self.guard.key(), self.thread);
        let mut ours = OURS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = ours.iter().position(|one| *one == this) {
            ours.swap_remove(at);
        }
    }
}

#[track_caller]
fn lock(key: Key, mode: Mode) -> Result<Guard, Error> {
    match mode {
        Mode::Shared => key.lock_shared(),
        Mode::Exclusive => key.lock(),
    }
}
