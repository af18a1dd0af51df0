//! Acquires free locks, as many as possible at once.
//!
//! A lock that nobody holds or waits for needs no place in a queue. [`take`] locks the files of one
//! test one after the other, in their order and without waiting. Then it publishes all of these
//! locks with a single write to the record and checks each file, as [`entry`](super::entry)
//! requires. The first lock that is not free and all after it are left to the caller, which waits
//! for them while it holds those before.

use std::sync::Arc;

use super::entry::{Entry, Held};
use super::locked::{LockStatus, failure};
use super::{Mode, RequestedLock, Want};
use crate::error::Error;
use crate::lock::activity::Activity;
use crate::state::state_dir;

/// Acquires locks from the first on, until one is not free, and publishes them.
pub(crate) fn take(asked: &[RequestedLock], me: &Activity) -> Result<Vec<Held>, Error> {
    let state_dir = state_dir()?;
    let mut held = Vec::with_capacity(asked.len());
    let mut locked = Vec::with_capacity(asked.len());
    for asked in asked {
        let want = asked.target;
        let Some(lock) = Entry::of(want.subject, state_dir)?.lock_if_free(want)? else {
            break;
        };
        held.push(lock);
        locked.push(want);
    }
    if held.is_empty() {
        return Ok(held);
    }
    me.add(&locked);
    let sound = held.iter().take_while(|lock| lock.is_in_place()).count();
    if sound < held.len() {
        // The others were held only for a moment. The caller finds out what is wrong when it waits.
        me.retract(&locked[sound..]);
        held.truncate(sound);
    }
    Ok(held)
}

impl Entry {
    /// Locks the main file if it is free, without the turnstile: see
    /// [`QUIET`](super::entry::QUIET). The lock does not count until it has been published and the
    /// file checked.
    fn lock_if_free(self: &Arc<Self>, want: Want) -> Result<Option<Held>, Error> {
        // The search for a slot is left to the head of the queue. The later check of the file would
        // also notice that this overtakes a thread, but checking the queue is cheaper.
        if matches!(want.mode, Mode::Limit(_)) || !self.queue.is_empty() {
            return Ok(None);
        }
        let strength = want.mode.strength();
        let mut state = self.lock();
        if !state.admits(want.mode) || state.known.is_none() {
            return Ok(None);
        }
        let shared = state.shared.upgrade();
        let main = if let Some(shared) = shared.filter(|_| want.mode == Mode::Shared) {
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
        if want.mode == Mode::Shared {
            state.shared = Arc::downgrade(&main);
        }
        state.admit(want.mode);
        Ok(Some(Held {
            entry: self.clone(),
            want,
            main: Some(main),
            slot: None,
            changed: state.known,
        }))
    }
}

impl Held {
    /// Whether the file is in place and has not changed since `self.changed`.
    fn is_in_place(&self) -> bool {
        let (Some(main), Some(changed)) = (&self.main, self.changed) else {
            return false;
        };
        let status = main.status(&self.entry.spot);
        status.is_ok_and(|status| status == LockStatus::Valid(changed))
    }
}
