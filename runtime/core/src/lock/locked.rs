//! A lock on one file, and how it is waited for.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use super::claim_guard::ClaimGuard;
use super::watcher::{self, WaitEnd};
use super::{Mode, Want, holder};
use crate::error::{Error, ErrorKind};
use crate::os::flock::{self, Strength};
use crate::os::process::Kept;
use crate::os::{self, ChangeTime, FileId, WatchedPath, interrupt};
use crate::state::StateDir;

/// How often records are looked at where the kernel cannot wake anybody.
pub(super) const RECORD_POLL: Duration = Duration::from_millis(10);

/// How long a new file seems to have been unchanged.
const LONG_AGO: Duration = Duration::from_secs(3600);

/// Says how long to wait until it is asked again, or refuses to wait any longer.
///
/// Whoever waits in the kernel has another thread ask.
pub(super) type Pause<'a> = &'a mut (dyn FnMut() -> Result<Duration, Error> + Send);

/// An open file that can be locked, and which one it is.
pub(super) struct LockFile {
    file: File,
    identity: FileId,
}

impl LockFile {
    pub(super) fn new(file: File) -> io::Result<Self> {
        // Asked once: an open file stays the same one.
        let identity = os::identity(&file)?;
        Ok(LockFile { file, identity })
    }

    /// Locks the file if that is possible without waiting; gives it back if it is not.
    pub(super) fn try_lock(self, strength: Strength) -> io::Result<Result<Locked, Self>> {
        let is_locked = flock::try_lock(&self.file, strength)?;
        Ok(if is_locked {
            Ok(Locked(Some(self)))
        } else {
            Err(self)
        })
    }

    /// Locks the file, waiting in the kernel as long as it takes.
    pub(super) fn lock(self, strength: Strength) -> io::Result<Locked> {
        flock::lock(&self.file, strength)?;
        Ok(Locked(Some(self)))
    }
}

/// What a lock on a file means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LockStatus {
    /// Nothing: another file stands at the path, or none.
    Stale,
    /// Nobody else holds this file, which is new. Somebody may hold a deleted one.
    Unproven,
    /// Nobody else holds any file of this name, which has changed then.
    Valid(ChangeTime),
}

/// A locked file, which is unlocked explicitly: a forked child may have a copy of the descriptor.
pub(super) struct Locked(Option<LockFile>);

impl Locked {
    /// Unlocks the file and gives it back.
    pub(super) fn unlock(mut self) -> Option<LockFile> {
        self.0.take().inspect(|locked| flock::unlock(&locked.file))
    }

    /// Returns what keeps the lock.
    pub(super) fn kept(&self) -> Option<Kept> {
        os::process::kept(&self.0.as_ref()?.file)
    }

    /// Looks at what stands at the path of the file now: one call tells whether it is the file that
    /// is locked, and whether it is marked.
    pub(super) fn status(&self, spot: &WatchedPath) -> io::Result<LockStatus> {
        let mine = self.0.as_ref().map(|locked| locked.identity);
        Ok(match spot.look()? {
            Some(found) if Some(found.identity) != mine => LockStatus::Stale,
            None => LockStatus::Stale,
            Some(found) if found.is_empty => LockStatus::Unproven,
            Some(found) => LockStatus::Valid(found.changed),
        })
    }

    /// Waits until no record contradicts the lock on a file that is new, and marks the file if
    /// nobody at all can have locked another one. Tells whether the file is still in its place: if
    /// it was deleted as well, whoever has locked the one after it waits for our record.
    pub(super) fn wait_for_holders_of_a_deleted_file(
        &self,
        state_dir: &StateDir,
        claim: &ClaimGuard<'_>,
        spot: &WatchedPath,
        pause: Pause<'_>,
    ) -> Result<bool, Error> {
        // Those who are counted share this lock; their number is looked after with the slots.
        let mode = match claim.want.mode {
            Mode::Limit(_) => Mode::Shared,
            mode => mode,
        };
        let want = Want { mode, ..claim.want };
        while !holder::in_the_way(state_dir, want, claim.me).is_empty() {
            // The kernel cannot wake us: what we would wait for has no name any more.
            thread::sleep(pause()?.min(RECORD_POLL));
            let fail =
                |error| Error::new(ErrorKind::Lock, format!("lock {}", claim.want)).because(error);
            if self.status(spot).map_err(fail)? == LockStatus::Stale {
                return Ok(false);
            }
        }
        let anybody = Want {
            mode: Mode::Exclusive,
            ..claim.want
        };
        if holder::in_the_way(state_dir, anybody, claim.me).is_empty() {
            if let Some(locked) = &self.0 {
                // Without the mark the next one looks again.
                let _ = os::write_at(&locked.file, b"+", 0);
                // Nobody has waited for it yet: see [`QUIET`](super::entry::QUIET). Only the owner may
                // say so, and without it the next few seconds cost a little more.
                let _ = locked.file.set_modified(SystemTime::now() - LONG_AGO);
            }
        }
        Ok(true)
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if let Some(locked) = &self.0 {
            flock::unlock(&locked.file);
        }
    }
}

/// Locks the file at a path, which may be deleted meanwhile.
pub(super) fn lock_file(
    state_dir: &StateDir,
    path: &Path,
    idle: Option<LockFile>,
    strength: Strength,
    pause: Pause<'_>,
) -> Result<Locked, Error> {
    let file = match idle {
        Some(file) => file,
        None => state_dir
            .open_or_create(path)
            .and_then(LockFile::new)
            .map_err(|error| failure(path, error))?,
    };
    wait_for(file, strength, pause).map_err(|reason| match reason {
        WaitFailure::Refused(error) => error,
        WaitFailure::System(error) => failure(path, error),
    })
}

/// Why a file was not locked.
enum WaitFailure {
    Refused(Error),
    System(io::Error),
}

/// Locks a file. The thread blocks in the kernel while the [`watcher`] looks at the clock for it, or
/// a helper thread does so where this one could not be interrupted.
fn wait_for(file: LockFile, strength: Strength, pause: Pause<'_>) -> Result<Locked, WaitFailure> {
    let file = match file.try_lock(strength).map_err(WaitFailure::System)? {
        Ok(locked) => return Ok(locked),
        Err(file) => file,
    };
    let next = pause().map_err(WaitFailure::Refused)?;
    if let Some(this) = interrupt::this_thread() {
        let lock = || flock::lock_until_interrupted(&file.file, strength);
        match watcher::block(this, next, pause, lock) {
            WaitEnd::Called(Ok(())) => return Ok(Locked(Some(file))),
            WaitEnd::Called(Err(error)) => return Err(WaitFailure::System(error)),
            WaitEnd::Refused(error) => return Err(WaitFailure::Refused(error)),
            WaitEnd::Unwatched => {}
        }
    }
    have_it_waited_for(file, strength, next, pause)
}

/// Has a helper thread lock a file.
fn have_it_waited_for(
    file: LockFile,
    strength: Strength,
    mut next: Duration,
    pause: Pause<'_>,
) -> Result<Locked, WaitFailure> {
    let delivery = Arc::new(Delivery::default());
    let helper = delivery.clone();
    spawn(move || {
        let result = file.lock(strength);
        // When nobody waits any longer, this is the last to drop the lock, and so to release it.
        *helper.lock() = Some(result);
        helper.arrived.notify_one();
    })
    .map_err(WaitFailure::System)?;
    loop {
        let (mut result, _) = delivery
            .arrived
            .wait_timeout_while(delivery.lock(), next, |result| result.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(result) = result.take() {
            return result.map_err(WaitFailure::System);
        }
        drop(result);
        next = pause().map_err(WaitFailure::Refused)?;
    }
}

/// Where a helper thread leaves what it has got.
#[derive(Default)]
struct Delivery {
    result: Mutex<Option<io::Result<Locked>>>,
    arrived: Condvar,
}

impl Delivery {
    fn lock(&self) -> MutexGuard<'_, Option<io::Result<Locked>>> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a thread that blocks in the kernel.
pub(super) fn spawn(task: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name("isolated-test-lock".to_owned())
        .stack_size(64 * 1024)
        .spawn(task)
        .map(drop)
}

pub(super) fn failure(path: &Path, error: io::Error) -> Error {
    Error::path(ErrorKind::Lock, "lock", path, error)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;
    use std::thread;
    use std::time::Duration;

    use super::{LockFile, WaitFailure, wait_for};
    use crate::error::{Error, ErrorKind};
    use crate::os::flock::{Strength, lock};
    use crate::os::interrupt;

    #[test]
    fn a_thread_that_blocks_all_signals_gives_up_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let one = File::create(&path).unwrap();
        lock(&one, Strength::Exclusive).unwrap();
        let file = LockFile::new(File::open(&path).unwrap()).unwrap();
        let ended = thread::spawn(|| {
            interrupt::block_all();
            let mut asked = 0;
            let mut pause = || {
                asked += 1;
                match asked {
                    1..3 => Ok(Duration::from_millis(1)),
                    _ => Err(Error::new(ErrorKind::Lock, "wait")),
                }
            };
            wait_for(file, Strength::Exclusive, &mut pause)
        });
        assert!(matches!(
            ended.join().unwrap(),
            Err(WaitFailure::Refused(_))
        ));
    }
}
