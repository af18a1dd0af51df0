//! Refuses a wait that could never end.
//!
//! Every thread takes locks in one total order, that of [`Subject`](super::Subject). A thread that asks for one
//! that does not come after all that it holds might wait for a thread that waits for it; it gets an
//! error that says how to ask for both at once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use super::Want;
use crate::error::{Error, ErrorKind};

/// What all threads hold, in the order in which they took it.
static HELD: Mutex<Vec<(ThreadId, Want)>> = Mutex::new(Vec::new());

/// Notes that a thread holds a lock or waits for it, until it is dropped, in whatever thread.
#[derive(Debug)]
pub(crate) struct Ordered {
    thread: ThreadId,
    want: Want,
}

impl Drop for Ordered {
    fn drop(&mut self) {
        let mut held = lock();
        let mine = (self.thread, self.want);
        if let Some(at) = held.iter().rposition(|held| *held == mine) {
            held.remove(at);
        }
    }
}

/// Notes that this thread is about to wait for a lock, unless the wait could never end.
pub(crate) fn claim(want: Want) -> Result<Ordered, Error> {
    let mut held = lock();
    let thread = thread::current().id();
    let in_the_way = held
        .iter()
        .filter(|(other, held)| *other == thread && held.subject >= want.subject)
        .max_by_key(|(_, held)| held.subject);
    if let Some((_, last)) = in_the_way {
        let reason = if last.subject == want.subject {
            format!("because this thread holds {last} already")
        } else {
            format!(
                "because this thread holds {last}, which comes later in the order of locks, and could \
                 wait for ever"
            )
        };
        let way_out = "ask for both in the attribute of the test, or release the other one first";
        return Err(Error::new(
            ErrorKind::LockOrder,
            format!("lock {want}, {reason}; {way_out}"),
        ));
    }
    held.push((thread, want));
    Ok(Ordered { thread, want })
}

/// Notes that this thread holds a lock for which it has not waited.
pub(crate) fn claim_without_waiting(want: Want) -> Ordered {
    let thread = thread::current().id();
    lock().push((thread, want));
    Ordered { thread, want }
}

/// Tells whether this thread holds a subject at least as strongly as it is wanted.
pub(crate) fn covers(want: Want) -> bool {
    let thread = thread::current().id();
    lock().iter().any(|(other, held)| {
        *other == thread && held.subject == want.subject && held.mode >= want.mode
    })
}

fn lock() -> MutexGuard<'static, Vec<(ThreadId, Want)>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{claim, claim_without_waiting, covers};
    use crate::error::ErrorKind;
    use crate::key::Key;
    use crate::lock::{Mode, Subject, Want};

    fn want(key: &'static str, mode: Mode) -> Want {
        Want {
            subject: Subject::Key(Key::new(key)),
            mode,
        }
    }

    #[test]
    fn ascending_claims_are_granted() {
        let _everyone = claim(Want {
            subject: Subject::Everyone,
            mode: Mode::Shared,
        })
        .unwrap();
        let _a = claim(want("a", Mode::Exclusive)).unwrap();
        let _b = claim(want("b", Mode::Shared)).unwrap();
    }

    #[test]
    fn a_descending_claim_is_refused_with_a_way_out() {
        let _b = claim(want("b", Mode::Shared)).unwrap();
        let error = claim(want("a", Mode::Exclusive)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LockOrder);
        assert_eq!(
            error.to_string(),
            "failed to lock serial \"a\", because this thread holds shared \"b\", which comes later in \
             the order of locks, and could wait for ever; ask for both in the attribute of the test, or \
             release the other one first"
        );
    }

    #[test]
    fn the_same_key_twice_is_refused() {
        let _a = claim(want("a", Mode::Shared)).unwrap();
        let error = claim(want("a", Mode::Shared)).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("because this thread holds shared \"a\" already")
        );
    }

    #[test]
    fn what_was_released_is_forgotten_also_when_dropped_elsewhere() {
        let b = claim(want("b", Mode::Exclusive)).unwrap();
        std::thread::spawn(|| drop(b)).join().unwrap();
        drop(claim(want("a", Mode::Exclusive)).unwrap());
    }

    #[test]
    fn threads_are_judged_apart() {
        let _b = claim(want("b", Mode::Exclusive)).unwrap();
        std::thread::spawn(|| drop(claim(want("a", Mode::Exclusive)).unwrap()))
            .join()
            .unwrap();
    }

    #[test]
    fn a_stronger_lock_covers_a_weaker_one() {
        let _held = claim_without_waiting(want("a", Mode::Limit(2)));
        assert!(covers(want("a", Mode::Shared)));
        assert!(covers(want("a", Mode::Limit(2))));
        assert!(!covers(want("a", Mode::Exclusive)));
        assert!(!covers(want("b", Mode::Shared)));
    }
}
