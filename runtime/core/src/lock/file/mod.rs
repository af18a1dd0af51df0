//! Locks kept in files of the state directory.
//!
//! Each subject has two files. A thread that may block first acquires the *turnstile*, exclusively,
//! and holds it only while it waits for the *main* lock. So readers that come after a waiting
//! writer queue behind it and cannot starve it, and a reader that gets through lets the next one
//! try at once.
//!
//! The holder of the turnstile waits only for holders of the main lock of the same subject, and
//! those never wait for that turnstile: see [`plan`](crate::lock::plan) for the whole argument.
//!
//! We never delete a lock file. If somebody else does, those who have locked it and those who come
//! later do not see each other. Two rules prevent that:
//!
//! - A lock counts only if its file is still in place after the holder has *published* the lock in
//!   its record. A thread that finds its file gone begins again.
//! - A file that is empty is new, and does not prove that nobody holds the lock. A thread that
//!   locks it reads all records and waits until none names a holder in its way. The first thread
//!   that finds no other holder at all marks the file. From then on, a lock on it is proof again.
//!
//! [`entry`] is what a process knows about one subject, and waits for its lock; [`fast_path`]
//! acquires free locks; [`queue`] orders the threads of a process; [`locked`] waits for a file, and
//! [`watcher`] watches the clock meanwhile; [`semaphore`] counts limited holders; [`claim_guard`]
//! publishes a lock.

mod claim_guard;
mod entry;
mod fast_path;
mod locked;
mod queue;
mod semaphore;
mod watcher;

use super::activity::Activity;
use super::backend::{Backend, Held, Pause};
use super::holder::{self, Holder};
use super::{Mode, RequestedLock, Subject, Want};
use crate::error::Error;
use crate::state::state_dir;

/// The locks of this machine.
pub(super) struct Files;

impl Backend for Files {
    fn acquire(&self, want: Want, me: &Activity, pause: Pause<'_>) -> Result<Held, Error> {
        let held = entry::acquire(want, me, pause)?;
        Ok(Held::new(want, held))
    }

    fn try_acquire(&self, want: Want, me: &Activity) -> Result<Option<Held>, Error> {
        let held = entry::try_acquire(want, me)?;
        Ok(held.map(|held| Held::new(want, held)))
    }

    fn acquire_free(&self, asked: &[RequestedLock], me: &Activity) -> Result<Vec<Held>, Error> {
        fast_path::take(asked, me)
    }

    fn holders(&self, want: Want, me: &Activity) -> Result<Vec<Holder>, Error> {
        Ok(holder::in_the_way(state_dir()?, want, me))
    }
}
