//! The locks of one test, without repetition and in order.
//!
//! # Why tests cannot deadlock
//!
//! Every test takes its locks one after the other in one total order that is the same in all
//! processes: first [`Subject::Everyone`], then the keys by name, then the internal keys by name.
//!
//! Threads wait. A thread acts for a test, or for itself. It *keeps* every lock that it cannot release
//! while it waits: its guards, the locks of all tests that run in it, and those of the test for which it
//! acts and of that test's callers. Before it waits, [`owner`](crate::lock::owner) refuses any lock that
//! does not come after everything the thread keeps.
//!
//! A thread that waits for subject *s* keeps only subjects before *s*, and perhaps the place at the
//! head of the queue of *s*: of its process, and at the turnstile of *s*. It waits for one of
//!
//! 1. the head of the queue of *s*, which waits for the turnstile or for holders of *s*;
//! 2. the turnstile of *s*, whose holder waits for holders of *s* only, never for another head;
//! 3. holders of *s*. A guard ends when the thread goes on that has taken it. A lock of a test ends
//!    when the test does, which may take all threads that act for it. Each of these threads keeps
//!    *s*, so it runs, or waits for subjects after *s*.
//!
//! Helper threads of one test may wait for each other's guards: these are of the third kind. Tests that
//! take turns in one thread keep each other's locks. The second acquires a lock that both may hold
//! without waiting, because a waiter ahead of it may be waiting for the first.
//!
//! The fast path acquires free locks without their turnstiles and never waits.
//!
//! Nobody ever waits in the queue of *s* while keeping *s* itself. So every chain of waiting goes
//! strictly upwards in the order *queue of s < turnstile of s < s < queue of the subject after s*,
//! and ends at a running thread. A slot of a limited key is acquired after its main lock, and its
//! waiter stays at the head of the queue; holders of a slot wait only for subjects after *s*.
//!
//! A program that a test has started [acts](crate::lock::delegation) for it and keeps what it holds, too:
//! where the test holds *s* itself, the program takes *s within* the test, which only other programs
//! of that test want, and each of them in the same order; else *s* must come after all that the test
//! holds. A program that waits before it has found out for whom it acts finds out then.
//!
//! A process that dies releases its locks, which breaks any chain through it. One case is not detected:
//! a thread that waits for another one by other means while it keeps a lock that the other one wants.

use super::key::Key;
use super::{Mode, Subject, Want, semaphore};
use crate::error::{Error, ErrorKind};

/// One lock that a test wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// `serial`: no other holder of the key.
    Exclusive(ClaimedKey),
    /// `shared`: no exclusive holder of the key.
    Shared(ClaimedKey),
    /// `limit`: at most this many holders of the key.
    Limit(ClaimedKey, u32),
    /// `alone`: no other isolated test.
    Alone,
}

/// The key of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimedKey {
    /// A literal that the attribute has checked. As a variant it costs the compiler nothing, unlike the
    /// call of a constant function.
    Text(&'static str),
    /// A constant of the user.
    Key(Key),
}

impl ClaimedKey {
    fn key(self) -> Key {
        match self {
            ClaimedKey::Text(name) => Key::checked(name),
            ClaimedKey::Key(key) => key,
        }
    }
}

/// Orders the claims of a test, and further ones, and merges those on one subject into the strongest.
pub(crate) fn plan(claims: &[Claim], further: &[Claim]) -> Result<Vec<Want>, Error> {
    let mut wants = Vec::with_capacity(claims.len() + 1);
    wants.push(Want {
        subject: Subject::Everyone,
        mode: Mode::Shared,
    });
    for claim in claims.iter().chain(further) {
        let want = match *claim {
            Claim::Exclusive(key) => Want {
                subject: Subject::Key(key.key()),
                mode: Mode::Exclusive,
            },
            Claim::Shared(key) => Want {
                subject: Subject::Key(key.key()),
                mode: Mode::Shared,
            },
            Claim::Limit(key, limit) => Want {
                subject: Subject::Key(key.key()),
                mode: Mode::Limit(limit),
            },
            Claim::Alone => Want {
                subject: Subject::Everyone,
                mode: Mode::Exclusive,
            },
        };
        if matches!(want.subject, Subject::Key(key) if key.is_internal) {
            return Err(refusal(
                want,
                "internal keys are for resources while they are provisioned or released; write an \
                 ordinary key",
            ));
        }
        semaphore::check(want)?;
        match wants.iter_mut().find(|other| other.subject == want.subject) {
            Some(Want {
                mode: Mode::Limit(one),
                ..
            }) if matches!(want.mode, Mode::Limit(other) if other != *one) => {
                return Err(refusal(
                    want,
                    "the test names two limits of one key; write one of them",
                ));
            }
            Some(other) => other.mode = other.mode.max(want.mode),
            None => {
                let at = wants.partition_point(|other| other.subject < want.subject);
                wants.insert(at, want);
            }
        }
    }
    Ok(wants)
}

fn refusal(want: Want, reason: &str) -> Error {
    let kind = match want.mode {
        Mode::Limit(_) => ErrorKind::Limit,
        Mode::Shared | Mode::Exclusive => ErrorKind::Key,
    };
    Error::new(kind, format!("lock {want}, because {reason}"))
}

#[cfg(test)]
mod tests {
    use super::{Claim, ClaimedKey, plan};
    use crate::lock::Want;
    use crate::lock::key::Key;

    const A: ClaimedKey = ClaimedKey::Text("a");
    const B: ClaimedKey = ClaimedKey::Key(Key::new("b"));

    fn words(claims: &[Claim]) -> Vec<String> {
        plan(claims, &[])
            .unwrap()
            .into_iter()
            .map(Want::code)
            .collect()
    }

    #[test]
    fn every_test_counts_among_everyone() {
        assert_eq!(words(&[]), ["test"]);
        assert_eq!(words(&[Claim::Alone]), ["alone"]);
    }

    #[test]
    fn the_order_does_not_depend_on_how_it_is_written() {
        let sorted = ["alone", "serial a", "shared b"];
        assert_eq!(
            words(&[Claim::Shared(B), Claim::Exclusive(A), Claim::Alone]),
            sorted
        );
        assert_eq!(
            words(&[Claim::Alone, Claim::Exclusive(A), Claim::Shared(B)]),
            sorted
        );
    }

    #[test]
    fn the_strongest_claim_on_a_key_wins() {
        for claims in [
            [Claim::Exclusive(A), Claim::Shared(A), Claim::Limit(A, 2)],
            [Claim::Limit(A, 2), Claim::Shared(A), Claim::Exclusive(A)],
        ] {
            assert_eq!(words(&claims), ["test", "serial a"]);
        }
        assert_eq!(
            words(&[Claim::Shared(A), Claim::Limit(A, 2)]),
            ["test", "limit a"]
        );
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        let message = |claims: &[Claim]| plan(claims, &[]).unwrap_err().to_string();
        assert_eq!(
            message(&[Claim::Limit(A, 0)]),
            "failed to lock limit \"a\" (0), because a limit of zero admits nobody; write at least 1"
        );
        assert_eq!(
            message(&[Claim::Limit(A, 2), Claim::Limit(A, 3)]),
            "failed to lock limit \"a\" (3), because the test names two limits of one key; write one of them"
        );
    }
}
