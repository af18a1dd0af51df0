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
static CLAIMS: Mutex<Claims> = Mutex::new(Claims {
    last: 0,
    held: Vec::new(),
});

struct Claims {
    /// The number of the last claim.
    last: u64,
    held: Vec<Claim>,
}

struct Claim {
    number: u64,
    thread: ThreadId,
    want: Want,
}

impl Claims {
    fn add(&mut self, thread: ThreadId, wants: &[Want]) -> Ordered {
        self.last += 1;
        let number = self.last;
        for want in wants {
            self.held.push(Claim {
                number,
                thread,
                want: *want,
            });
        }
        Ordered(number)
    }

    fn of(&self, thread: ThreadId) -> impl Iterator<Item = Want> {
        let mine = self.held.iter().filter(move |claim| claim.thread == thread);
        mine.map(|claim| claim.want)
    }
}

/// Notes that a thread holds locks or waits for them, until it is dropped, in whatever thread.
#[derive(Debug)]
pub(crate) struct Ordered(u64);

impl Drop for Ordered {
    fn drop(&mut self) {
        lock().held.retain(|claim| claim.number != self.0);
    }
}

/// Notes that this thread is about to wait for a lock, unless the wait could never end.
pub(crate) fn claim(want: Want) -> Result<Ordered, Error> {
    let mut claims = lock();
    let thread = thread::current().id();
    let in_the_way = claims
        .of(thread)
        .filter(|held| held.subject >= want.subject);
    if let Some(last) = in_the_way.max_by_key(|held| held.subject) {
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
    Ok(claims.add(thread, &[want]))
}

/// Notes that this thread is about to take locks one after the other, if it holds none: then their
/// order is all that matters.
pub(crate) fn claim_first(wants: &[Want]) -> Option<Ordered> {
    let mut claims = lock();
    let thread = thread::current().id();
    if claims.of(thread).next().is_some() {
        return None;
    }
    Some(claims.add(thread, wants))
}

/// Notes that this thread holds a lock for which it has not waited.
pub(crate) fn claim_without_waiting(want: Want) -> Ordered {
    lock().add(thread::current().id(), &[want])
}

/// Tells whether this thread holds a subject at least as strongly as it is wanted.
pub(crate) fn covers(want: Want) -> bool {
    let claims = lock();
    let mut mine = claims.of(thread::current().id());
    mine.any(|held| held.subject == want.subject && held.mode >= want.mode)
}

fn lock() -> MutexGuard<'static, Claims> {
    CLAIMS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{claim, claim_first, claim_without_waiting, covers};
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
    fn several_are_claimed_at_once_by_who_has_none() {
        let wants = [want("a", Mode::Shared), want("b", Mode::Exclusive)];
        let first = claim_first(&wants).unwrap();
        assert!(claim_first(&wants).is_none());
        assert!(wants.iter().all(|want| covers(*want)));
        let later = claim(want("c", Mode::Shared)).unwrap();
        drop(first);
        assert!(!wants.iter().any(|want| covers(*want)));
        assert!(claim_first(&wants).is_none());
        drop(later);
        assert!(claim_first(&wants).is_some());
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
