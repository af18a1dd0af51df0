//! Takes locks that are free, as many of them at once as there are.
//!
//! A lock that nobody holds and for which nobody waits needs no place in a queue. Those of one test
//! are locked one after the other, in their order and without waiting, and then said with one word
//! in the record and looked at, as [`entry`](super::entry) demands. What follows the first that is not
//! free is left to who asks, to be waited for while those before it are held.

use std::sync::Arc;

use super::entry::{Entry, Held};
use super::locked::{LockStatus, failure};
use super::{Mode, RequestedLock, Want};
use crate::error::Error;
use crate::lock::activity::Activity;
use crate::state::state_dir;

/// Takes as many locks from the first on as are free, and says so in the record.
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
        // The others were held for a moment only. Why they cannot be is found out by who waits.
        me.retract(&locked[sound..]);
        held.truncate(sound);
    }
    Ok(held)
}

impl Entry {
    /// Locks the files if they are free and nobody waits at the head of the queue: see
    /// [`QUIET`](super::entry::QUIET). It does not count before it is said and looked at.
    fn lock_if_free(self: &Arc<Self>, want: Want) -> Result<Option<Held>, Error> {
        // Only the head of the queue may look for a slot. That nobody overtakes a thread is seen by
        // the look at the file, too; this is cheaper.
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
    /// Tells whether the file is in its place, and as unchanged as it was known to be.
    fn is_in_place(&self) -> bool {
        let (Some(main), Some(changed)) = (&self.main, self.changed) else {
            return false;
        };
        let status = main.status(&self.entry.spot);
        status.is_ok_and(|status| status == LockStatus::Valid(changed))
    }
}
