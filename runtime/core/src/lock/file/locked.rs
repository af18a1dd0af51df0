//! A lock on one file, and the wait for it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::claim_guard::ClaimGuard;
use super::watcher::{self, WaitEnd};
use super::{Mode, Want, holder};
use crate::error::{Error, ErrorKind};
use crate::lock::backend::Pause;
use crate::os::flock::{self, Strength};
use crate::os::process::Kept;
use crate::os::{self, ChangeTime, FileId, WatchedPath, interrupt};
use crate::state::StateDir;

/// How often records are read while a wait depends on them: when a lock file was deleted, or when the
/// holders of a key use another limit.
///
/// Locks do not help: the deleted file no longer has a name, and a process keeps its record locked
/// when it releases one of its locks. inotify would report the change of a record. But only Linux has
/// it, and a user has 128 instances by default, so the records would have to be polled all the same.
/// Such a wait is rare, and reading the records takes much less time than this.
pub(super) const RECORD_POLL: Duration = Duration::from_millis(10);

/// How far the mtime of a new file is set back.
const LONG_AGO: Duration = Duration::from_secs(3600);

/// An open file that can be locked, with its identity.
pub(super) struct LockFile {
    file: File,
    identity: FileId,
}

impl LockFile {
    pub(super) fn new(file: File) -> io::Result<Self> {
        // Looked up only once: the identity of an open file never changes.
        let identity = os::identity(&file)?;
        Ok(LockFile { file, identity })
    }

    /// Locks the file if that is possible without waiting; otherwise returns it.
    pub(super) fn try_lock(self, strength: Strength) -> io::Result<Result<Locked, Self>> {
        let is_locked = flock::try_lock(&self.file, strength)?;
        Ok(if is_locked {
            Ok(Locked(Some(self)))
        } else {
            Err(self)
        })
    }

    /// Locks the file, blocking in the kernel as long as it takes.
    pub(super) fn lock(self, strength: Strength) -> io::Result<Locked> {
        flock::lock(&self.file, strength)?;
        Ok(Locked(Some(self)))
    }
}

/// The proof that a lock on a file gives.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LockStatus {
    /// Nothing: the path names another file, or none.
    Stale,
    /// Nobody holds a conflicting lock on this file. But the file is new, so somebody may hold one
    /// on a deleted file.
    Unproven,
    /// Nobody holds a conflicting lock on any file of this name. The file was last changed at this
    /// time.
    Valid(ChangeTime),
}

/// A locked file. It is unlocked explicitly, because a forked child may have a copy of the
/// descriptor.
pub(super) struct Locked(Option<LockFile>);

impl Locked {
    /// Unlocks the file and returns it.
    pub(super) fn unlock(mut self) -> Option<LockFile> {
        self.0.take().inspect(|locked| flock::unlock(&locked.file))
    }

    /// The descriptor that a subprocess must keep open for the lock to stay held.
    pub(super) fn kept(&self) -> Option<Kept> {
        os::process::kept(&self.0.as_ref()?.file)
    }

    /// Checks the path of the file. One system call finds both whether the path still names the
    /// locked file and whether that file is marked.
    pub(super) fn status(&self, watched: &WatchedPath) -> io::Result<LockStatus> {
        let mine = self.0.as_ref().map(|locked| locked.identity);
        Ok(match watched.look()? {
            Some(found) if Some(found.identity) != mine => LockStatus::Stale,
            None => LockStatus::Stale,
            Some(found) if found.is_empty => LockStatus::Unproven,
            Some(found) => LockStatus::Valid(found.changed),
        })
    }

    /// Waits until no record contradicts the lock on a new file. Then marks the file, if no record
    /// at all names another holder of the subject.
    ///
    /// Returns whether the file is still in place. If it was deleted as well, the holder of its
    /// successor waits for our record.
    pub(super) fn wait_for_holders_of_a_deleted_file(
        &self,
        state_dir: &StateDir,
        claim: &ClaimGuard<'_>,
        watched: &WatchedPath,
        pause: Pause<'_>,
    ) -> Result<bool, Error> {
        // Holders of slots share the main lock; the slots limit their number.
        let mode = match claim.want.mode {
            Mode::Limit(_) | Mode::Pool(_) => Mode::Shared,
            mode => mode,
        };
        let want = Want { mode, ..claim.want };
        while !holder::in_the_way(state_dir, want, claim.me).is_empty() {
            // No event tells of a change in a record: see `RECORD_POLL`.
            thread::sleep(pause()?.min(RECORD_POLL));
            let fail =
                |error| Error::new(ErrorKind::Lock, format!("lock {}", claim.want)).because(error);
            if self.status(watched).map_err(fail)? == LockStatus::Stale {
                return Ok(false);
            }
        }
        let anybody = Want {
            mode: Mode::Exclusive,
            ..claim.want
        };
        if holder::in_the_way(state_dir, anybody, claim.me).is_empty() {
            if let Some(locked) = &self.0 {
                // Without the mark, the next holder reads the records again.
                let _ = os::write_at(&locked.file, b"+", 0);
                // Nobody has waited for this file yet: see `QUIET`. Only the file's owner may set
                // its mtime. If this fails, the fast path is closed for the next few seconds.
                let _ = locked.file.set_modified(os::real_time() - LONG_AGO);
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

/// Locks the file at `path`, which somebody may delete meanwhile.
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
    wait_for(file, path, strength, pause)
}

/// Locks a file. The thread blocks in the kernel while the [`watcher`] watches the clock for it. If
/// the thread cannot be interrupted, a helper thread blocks instead.
fn wait_for(
    file: LockFile,
    path: &Path,
    strength: Strength,
    pause: Pause<'_>,
) -> Result<Locked, Error> {
    let fail = |error| failure(path, error);
    let file = match file.try_lock(strength).map_err(fail)? {
        Ok(locked) => return Ok(locked),
        Err(file) => file,
    };
    let next = pause()?;
    if let Some(this) = interrupt::this_thread() {
        let lock = || flock::lock_until_interrupted(&file.file, strength);
        match watcher::block(this, next, pause, lock) {
            WaitEnd::Called(Ok(())) => return Ok(Locked(Some(file))),
            WaitEnd::Called(Err(error)) => return Err(fail(error)),
            WaitEnd::Refused(error) => return Err(error),
            WaitEnd::Unwatched => {}
        }
    }
    lock_in_helper_thread(file, path, strength, next, pause)
}

/// Locks a file in a helper thread.
fn lock_in_helper_thread(
    file: LockFile,
    path: &Path,
    strength: Strength,
    mut next: Duration,
    pause: Pause<'_>,
) -> Result<Locked, Error> {
    let fail = |error| failure(path, error);
    let (sender, receiver) = mpsc::sync_channel(1);
    // If the waiter has given up, the result is dropped, which releases the lock.
    spawn(move || drop(sender.send(file.lock(strength)))).map_err(fail)?;
    loop {
        match receiver.recv_timeout(next) {
            Ok(result) => return result.map_err(fail),
            Err(RecvTimeoutError::Timeout) => next = pause()?,
            Err(RecvTimeoutError::Disconnected) => {
                unreachable!("the thread sends a result before it ends")
            }
        }
    }
}

/// Starts a thread that blocks in the kernel.
pub(super) fn spawn(task: impl FnOnce() + Send + 'static) -> io::Result<()> {
    os::spawn_thread("isolated-test-lock", task)
}

pub(super) fn failure(path: &Path, error: io::Error) -> Error {
    Error::path(ErrorKind::Lock, "lock", path, error)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;
    use std::thread;
    use std::time::Duration;

    use super::{LockFile, wait_for};
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
        let ended = thread::spawn(move || {
            interrupt::block_all();
            let mut asked = 0;
            let mut pause = || {
                asked += 1;
                match asked {
                    1..3 => Ok(Duration::from_millis(1)),
                    _ => Err(Error::new(ErrorKind::Lock, "wait")),
                }
            };
            wait_for(file, &path, Strength::Exclusive, &mut pause)
        });
        let refused = ended.join().unwrap().err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some("failed to wait"));
    }
}
