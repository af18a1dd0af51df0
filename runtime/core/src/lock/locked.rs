//! A lock on one file, and how it is waited for.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::file::{self, Strength};
use super::said::Said;
use super::{Mode, Want, holder};
use crate::error::{Error, ErrorKind};
use crate::store::Store;
use crate::sys;
use crate::sys::process::Kept;

/// How often records are looked at where the kernel cannot wake anybody.
pub(super) const LOOK: Duration = Duration::from_millis(10);

/// Says how long to wait until it is asked again, or refuses to wait any longer.
pub(super) type Pause<'a> = &'a mut dyn FnMut() -> Result<Duration, Error>;

/// A locked file, which is unlocked explicitly: a forked child may have a copy of the descriptor.
pub(super) struct Locked(Option<File>);

impl Locked {
    pub(super) fn new(file: File) -> Self {
        Locked(Some(file))
    }

    /// Unlocks the file and gives it back.
    pub(super) fn unlock(mut self) -> Option<File> {
        self.0.take().inspect(file::unlock)
    }

    /// Returns what keeps the lock.
    pub(super) fn kept(&self) -> Option<Kept> {
        sys::process::kept(self.0.as_ref()?)
    }

    /// Tells whether the file still stands at its path.
    pub(super) fn is_at(&self, path: &Path) -> io::Result<bool> {
        self.0
            .as_ref()
            .map_or(Ok(false), |file| sys::is_at(file, path))
    }

    /// Tells whether a lock on the file is proof that nobody holds another file of its name.
    pub(super) fn is_marked(&self) -> io::Result<bool> {
        self.0
            .as_ref()
            .map_or(Ok(false), |file| Ok(file.metadata()?.len() > 0))
    }

    /// Waits until no record contradicts the lock on a file that is new, and marks the file if
    /// nobody at all can have locked another one.
    pub(super) fn wait_for_holders_of_a_deleted_file(
        &self,
        store: &Store,
        said: &Said<'_>,
        pause: Pause<'_>,
    ) -> Result<(), Error> {
        while !holder::in_the_way(store, said.want, said.me).is_empty() {
            // The kernel cannot wake us: what we would wait for has no name any more.
            thread::sleep(pause()?.min(LOOK));
        }
        let anybody = Want {
            mode: Mode::Exclusive,
            ..said.want
        };
        if holder::in_the_way(store, anybody, said.me).is_empty() {
            if let Some(file) = &self.0 {
                // Without the mark the next one looks again.
                let _ = sys::write_at(file, b"+", 0);
            }
        }
        Ok(())
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if let Some(file) = &self.0 {
            file::unlock(file);
        }
    }
}

/// Locks the file at a path, which may be deleted meanwhile.
pub(super) fn lock_file(
    store: &Store,
    path: &Path,
    idle: Option<File>,
    strength: Strength,
    pause: Pause<'_>,
) -> Result<Locked, Error> {
    let file = match idle {
        Some(file) => file,
        None => store
            .open_or_create(path)
            .map_err(|error| failure(path, error))?,
    };
    wait_for(file, strength, pause).map_err(|reason| match reason {
        Failure::Refused(error) => error,
        Failure::System(error) => failure(path, error),
    })
}

/// Why a file was not locked.
enum Failure {
    Refused(Error),
    System(io::Error),
}

/// Locks a file. A helper thread blocks in the kernel, so that this one can look at the clock.
fn wait_for(file: File, strength: Strength, pause: Pause<'_>) -> Result<Locked, Failure> {
    if file::try_lock(&file, strength).map_err(Failure::System)? {
        return Ok(Locked::new(file));
    }
    let mut next = pause().map_err(Failure::Refused)?;
    let delivery = Arc::new(Delivery::default());
    let helper = delivery.clone();
    spawn(move || {
        let result = file::lock(&file, strength).map(|()| Locked::new(file));
        // When nobody waits any longer, this is the last to drop the lock, and so to release it.
        *helper.lock() = Some(result);
        helper.arrived.notify_one();
    })
    .map_err(Failure::System)?;
    loop {
        let (mut result, _) = delivery
            .arrived
            .wait_timeout_while(delivery.lock(), next, |result| result.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(result) = result.take() {
            return result.map_err(Failure::System);
        }
        drop(result);
        next = pause().map_err(Failure::Refused)?;
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
