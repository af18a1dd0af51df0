//! Acquires free locks, as many as possible at once.
//!
//! A lock that nobody holds or waits for needs no place in a queue. [`take`] locks the files of one
//! test one after the other, in their order and without waiting. Then it publishes all of these
//! locks with a single write to the record and checks each file, as [`entry`](super::entry)
//! requires. The first lock that is not free and all after it are left to the caller, which waits
//! for them while it holds those before.

use std::sync::Arc;

use super::entry::{Entry, HeldFiles};
use super::locked::{LockStatus, failure};
use super::{Mode, RequestedLock};
use crate::error::Error;
use crate::lock::activity::Activity;
use crate::lock::backend::Held;
use crate::state::state_dir;

/// Acquires locks from the first on, until one is not free, and publishes them.
///
/// Written in loops, which cost a fraction of iterators where nothing is optimized.
pub(super) fn take(asked: &[RequestedLock], me: &Activity) -> Result<Vec<Held>, Error> {
    let state_dir = state_dir()?;
    let mut locked = Vec::with_capacity(asked.len());
    let mut wants = Vec::with_capacity(asked.len());
    for RequestedLock { target: want, .. } in asked {
        let Some(lock) = Entry::of(want.subject, state_dir)?.lock_if_free(want.mode)? else {
            break;
        };
        locked.push(lock);
        wants.push(*want);
    }
    let mut held = Vec::with_capacity(locked.len());
    if locked.is_empty() {
        return Ok(held);
    }
    me.add(&wants);
    for lock in locked {
        if !lock.is_in_place() {
            // The others were held only for a moment. The caller finds out what is wrong when it
            // waits.
            me.retract(&wants[held.len()..]);
            break;
        }
        held.push(Held::new(wants[held.len()], lock));
    }
    Ok(held)
}

impl Entry {
    /// Locks the main file if it is free, without the turnstile: see
    /// [`QUIET`](super::entry::QUIET). The lock does not count until it has been published and the
    /// file checked.
    fn lock_if_free(self: &Arc<Self>, mode: Mode) -> Result<Option<HeldFiles>, Error> {
        // The search for a slot is left to the head of the queue. The later check of the file would
        // also notice that this overtakes a thread, but checking the queue is cheaper.
        if mode.slots().is_some() || !self.queue.is_empty() {
            return Ok(None);
        }
        let strength = mode.strength();
        let mut state = self.lock();
        if !state.admits(mode) || state.known.is_none() {
            return Ok(None);
        }
        let shared = state.shared.upgrade();
        let main = if let Some(shared) = shared.filter(|_| mode == Mode::Shared) {
            shared
        } else {
            let Some(file) = state.main.take() else {
                return Ok(None);
            };
            match file.try_lock(strength) {
                Ok(Ok(locked)) => Arc::new(locked),
                Ok(Err(file)) => {
                    state.main = Some(file);
                    return Ok(None);
                }
                Err(error) => return Err(failure(&self.path, error)),
            }
        };
        if mode == Mode::Shared {
            state.shared = Arc::downgrade(&main);
        }
        state.admit(mode);
        Ok(Some(HeldFiles {
            entry: self.clone(),
            main: Some(main),
            slot: None,
            changed: state.known,
        }))
    }
}

impl HeldFiles {
    /// Whether the file is in place and has not changed since `self.changed`.
    fn is_in_place(&self) -> bool {
        let (Some(main), Some(changed)) = (&self.main, self.changed) else {
            return false;
        };
        let status = main.status(&self.entry.watched);
        status.is_ok_and(|status| status == LockStatus::Valid(changed))
    }
}
