//! The locks of one test, merged and in order.
//!
//! # Why tests cannot deadlock
//!
//! Every test acquires its locks one after the other, in one total order that is the same in all
//! processes: first [`Subject::Everyone`], then the keys by name, then the internal keys by name, then the port
//! numbers.
//!
//! A waiter is always a thread, which acts for a test or for itself. A thread *keeps* every lock
//! that it cannot release while it waits: its guards, the locks of all tests that run in it, and
//! those of the test for which it acts and of that test's callers. Before a thread waits,
//! [`owner`](crate::lock::owner) refuses any lock that does not come after everything that the
//! thread keeps.
//!
//! A thread that waits for subject *s* keeps only subjects before *s*, and perhaps the head of the
//! queue of *s*, in its process and at the turnstile. It waits for one of
//!
//! 1. the head of the queue of *s* in its process, which waits for the turnstile or for holders of
//!    *s*;
//! 2. the turnstile of *s*, whose holder waits only for holders of *s*, never for another head;
//! 3. holders of *s*. The thread that acquired a guard releases it as it goes on. A test releases
//!    its locks when it ends, and it may not end before all threads that act for it have finished.
//!    Each of these threads keeps *s*, so it runs, or waits for subjects after *s*.
//!
//! Helper threads of one test may wait for each other's guards, which is the third case. Tests that
//! take turns in one thread keep each other's locks. If both may hold a lock, the second acquires
//! it without waiting, because a waiter ahead of it may be waiting for the first.
//!
//! The fast path acquires free locks without their turnstiles and never waits.
//!
//! No thread ever waits in the queue of *s* while it keeps *s* itself. So every chain of waiting
//! goes strictly upwards in the order *queue of s < turnstile of s < s < queue of the subject after
//! s*, and ends at a running thread. A slot of a limited key is acquired after its main lock, and
//! its waiter stays at the head of the queue; holders of a slot wait only for subjects after *s*.
//!
//! A program that a test has started [acts](crate::lock::delegation) for the test and keeps what
//! the test holds, too. If the test holds *s* itself, the program acquires *s within* the test,
//! where it meets only other programs of that test, and all of them acquire locks in the same
//! order. Otherwise *s* must come after everything that the test holds. A program that starts to
//! wait before it knows for whom it acts finds out while it waits.
//!
//! A process that dies releases its locks, which breaks any chain through it. One case is not
//! detected: a thread that waits for another thread by other means while it keeps a lock that the
//! other thread wants.

use super::items::MOST;
use super::key::Key;
use super::{Items, Mode, Subject, Want};
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
    /// `pool`: one of these items, which no other holder of the key has.
    Pool(ClaimedKey, &'static [&'static str]),
    /// `alone`: no other isolated test.
    Alone,
}

/// The key of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimedKey {
    /// A literal that the attribute has checked. Unlike a call of a constant function, it costs the
    /// compiler nothing.
    Text(&'static str),
    /// A constant of the user's.
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

/// Refuses a limit that cannot be enforced, and a list that makes no pool.
pub(crate) fn check_limit(want: Want) -> Result<(), Error> {
    let reason = match want.mode {
        Mode::Limit(0) => "a limit of zero admits nobody; write at least 1".to_owned(),
        Mode::Pool(_) if want.is_across_machines() => {
            "a pool is for one machine; write `limit`, or a pool with a key of this machine"
                .to_owned()
        }
        Mode::Limit(limit) if limit > MOST => {
            format!("the highest limit is {MOST}; write that, or nothing where so many never meet")
        }
        Mode::Pool(items) => match items.mistake() {
            Some(mistake) => mistake,
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    let action = format!("lock {want}, because {reason}");
    Err(Error::new(ErrorKind::Limit, action))
}

impl Claim {
    pub(crate) fn want(&'static self) -> Want {
        let (subject, mode) = match self {
            Claim::Exclusive(key) => (Subject::Key(key.key()), Mode::Exclusive),
            Claim::Shared(key) => (Subject::Key(key.key()), Mode::Shared),
            Claim::Limit(key, limit) => (Subject::Key(key.key()), Mode::Limit(*limit)),
            Claim::Pool(key, items) => (Subject::Key(key.key()), Mode::Pool(Items::of(items))),
            Claim::Alone => (Subject::Everyone, Mode::Exclusive),
        };
        Want { subject, mode }
    }
}

/// Merges the claims of a test and `further` locks: one lock per subject, in the strongest mode, in
/// the order in which locks are acquired.
pub(crate) fn plan(claims: &'static [Claim], further: &[Want]) -> Result<Vec<Want>, Error> {
    let mut wants = Vec::with_capacity(claims.len() + further.len() + 1);
    wants.push(Want {
        subject: Subject::Everyone,
        mode: Mode::Shared,
    });
    for claim in claims {
        let want = claim.want();
        if matches!(want.subject, Subject::Key(key) if key.is_internal) {
            return Err(refusal(
                want,
                "internal keys are for resources while they are provisioned or released; write an \
                 ordinary key",
            ));
        }
        check_limit(want)?;
        let is_pool = matches!(want.mode, Mode::Pool(_));
        if is_pool && wants.iter().any(|other| other.subject == want.subject) {
            return Err(refusal(
                want,
                "the test names that key twice, and a pool locks it already; remove the other one",
            ));
        }
        merge(&mut wants, want)?;
    }
    for want in further {
        merge(&mut wants, *want)?;
    }
    Ok(wants)
}

/// Adds a lock to others.
fn merge(wants: &mut Vec<Want>, want: Want) -> Result<(), Error> {
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
    Ok(())
}

fn refusal(want: Want, reason: &str) -> Error {
    let kind = match want.mode {
        Mode::Limit(_) | Mode::Pool(_) => ErrorKind::Limit,
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

    fn words(claims: &'static [Claim]) -> Vec<String> {
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
        const BOTH_WAYS: [[Claim; 3]; 2] = [
            [Claim::Exclusive(A), Claim::Shared(A), Claim::Limit(A, 2)],
            [Claim::Limit(A, 2), Claim::Shared(A), Claim::Exclusive(A)],
        ];
        for claims in &BOTH_WAYS {
            assert_eq!(words(claims), ["test", "serial a"]);
        }
        assert_eq!(
            words(&[Claim::Shared(A), Claim::Limit(A, 2)]),
            ["test", "limit a"]
        );
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        let message = |claims: &'static [Claim]| plan(claims, &[]).unwrap_err().to_string();
        assert_eq!(
            message(&[Claim::Limit(A, 0)]),
            "failed to lock limit \"a\" (0), because a limit of zero admits nobody; write at least 1"
        );
        assert_eq!(
            message(&[Claim::Limit(A, 2), Claim::Limit(A, 3)]),
            "failed to lock limit \"a\" (3), because the test names two limits of one key; write one of them"
        );
    }

    #[test]
    fn a_pool_is_the_only_lock_on_its_key() {
        const POOL: Claim = Claim::Pool(A, &["x", "y"]);
        let message = |claims: &'static [Claim]| plan(claims, &[]).unwrap_err().to_string();
        let twice = "failed to lock pool \"a\" (2 items), because the test names that key twice, and a \
                     pool locks it already; remove the other one";
        assert_eq!(message(&[POOL, POOL]), twice);
        let others: [&[Claim]; 3] = [
            &[Claim::Exclusive(A), POOL],
            &[Claim::Shared(A), POOL],
            &[Claim::Limit(A, 2), POOL],
        ];
        for claims in others {
            assert_eq!(message(claims), twice);
        }
        assert_eq!(
            message(&[Claim::Pool(A, &["x", "x"])]),
            "failed to lock pool \"a\" (2 items), because two tests could have the item \"x\", which is \
             listed twice; remove one"
        );
    }
}
