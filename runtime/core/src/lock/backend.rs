//! Where locks are kept. Everything else in this layer works the same for every back end.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use super::activity::Activity;
use super::file::Files;
use super::machines::Machines;
use super::{Holder, Mode, RequestedLock, Subject, Want};
use crate::error::Error;
use crate::os::process::Kept;

/// Returns how long to wait until the next call, or an error to give up.
///
/// While a thread blocks in the kernel, another thread makes the calls.
pub(crate) type Pause<'a> = &'a mut (dyn FnMut() -> Result<Duration, Error> + Send);

/// A place where locks are kept.
///
/// A lock that it grants must be released when the process dies, and published in the
/// [`Activity`] of its holder before it counts.
pub(crate) trait Backend: Sync {
    /// Acquires a lock, waiting for it as `pause` allows.
    fn acquire(&self, want: Want, me: &Activity, pause: Pause<'_>) -> Result<Held, Error>;

    /// Acquires a lock if it is free now.
    fn try_acquire(&self, want: Want, me: &Activity) -> Result<Option<Held>, Error>;

    /// Acquires locks that are free now, in their order. The first that is not free, and all after
    /// it, are left to [`acquire`](Self::acquire).
    fn acquire_free(&self, _asked: &[RequestedLock], _me: &Activity) -> Result<Vec<Held>, Error> {
        Ok(Vec::new())
    }

    /// Lists the known holders that are in the way of a lock, the longest first.
    fn holders(&self, want: Want, me: &Activity) -> Result<Vec<Holder>, Error>;
}

/// A lock as its back end keeps it. Dropping it releases the lock.
pub(crate) trait Lock: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Adds what a subprocess must keep open for the lock to stay held.
    fn add_kept(&self, kept: &mut Vec<Kept>);

    /// The slot that the holder has, if they are counted.
    fn slot(&self) -> Option<u32>;

    /// The number of this holder, above those of all earlier ones, if the back end has such numbers.
    fn fence(&self) -> Option<u64> {
        None
    }

    /// How to notice that the lock is lost, if that can happen.
    fn watch(&self) -> Option<Arc<dyn Watch>> {
        None
    }
}

/// Notices that a lock is lost, although nobody has released it.
pub(crate) trait Watch: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// A descriptor that is readable when the lock may be lost.
    fn descriptor(&self) -> Kept;

    /// Why the lock is lost, if it is, once the descriptor is readable.
    fn lost(&self) -> Option<String>;

    /// The same, asked of those who keep the lock.
    fn lost_for_certain(&self) -> Option<String>;
}

/// A lock that is held until this is dropped.
#[must_use = "the lock is released as soon as this is dropped"]
pub(crate) struct Held {
    want: Want,
    lock: Box<dyn Lock>,
}

impl Held {
    pub(super) fn new(want: Want, lock: impl Lock + 'static) -> Self {
        Held {
            want,
            lock: Box::new(lock),
        }
    }

    /// The lock that is held.
    pub(crate) fn want(&self) -> Want {
        self.want
    }

    /// The item that the holder has, if this is a pool.
    pub(crate) fn item(&self) -> Option<&'static str> {
        match self.want.mode {
            Mode::Pool(items) => items.of_slot(self.lock.slot()?),
            Mode::Shared | Mode::Limit(_) | Mode::Exclusive => None,
        }
    }

    /// Adds what a subprocess must keep open for the lock to stay held.
    pub(crate) fn add_kept(&self, kept: &mut Vec<Kept>) {
        self.lock.add_kept(kept);
    }

    /// The number of this holder, above those of all earlier ones, if the back end has such numbers.
    pub(crate) fn fence(&self) -> Option<u64> {
        self.lock.fence()
    }

    /// How to notice that the lock is lost, if that can happen.
    pub(crate) fn watch(&self) -> Option<Arc<dyn Watch>> {
        self.lock.watch()
    }
}

/// The back end that keeps the locks of a subject.
pub(crate) fn of(subject: Subject) -> &'static dyn Backend {
    match subject {
        Subject::Key(key) if key.is_across_machines() => &Machines,
        Subject::Everyone | Subject::Key(_) | Subject::Port(_) | Subject::Delegated(_) => &Files,
    }
}
