use std::sync::Arc;

use super::{Approach, Claimed, Owner, claim_all};
use crate::error::ErrorKind;
use crate::lock::key::Key;
use crate::lock::{Mode, Subject, Want};
use crate::name::Name;
use crate::state::mark::Mark;

const EVERYONE: Want = Want {
    subject: Subject::Everyone,
    mode: Mode::Shared,
};

fn want(key: &'static str, mode: Mode) -> Want {
    Want {
        subject: Subject::Key(Key::new(key)),
        mode,
    }
}

fn internal(key: &'static str) -> Want {
    Want {
        subject: Subject::Key(Key::new(key).internal()),
        mode: Mode::Exclusive,
    }
}

fn test(name: &str, parent: Option<&Arc<Owner>>) -> Arc<Owner> {
    Owner::new(Name::of_guard(name.to_owned()), parent.cloned(), None)
}

fn mark() -> Mark {
    Mark::new("abc", 1, 1)
}

fn claim(owner: Option<&Arc<Owner>>, want: Want) -> Result<(Claimed, Approach), crate::Error> {
    super::claim(owner, want, &mark())
}

/// Claims the locks of a test, and returns those that it has to acquire.
fn begin(owner: &Arc<Owner>, wants: &[Want]) -> (Claimed, Vec<(Want, Approach)>) {
    let (claimed, asked) = claim_all(owner, wants).unwrap();
    let asked = asked.into_iter().map(|asked| (asked.want, asked.way));
    (claimed, asked.collect())
}

#[track_caller]
fn assert_refused(
    result: Result<(Claimed, Approach), crate::Error>,
    kind: ErrorKind,
    message: &str,
) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind);
    assert_eq!(error.to_string(), message);
}

#[test]
fn ascending_claims_are_granted() {
    let _a = claim(None, want("a", Mode::Exclusive)).unwrap();
    let _b = claim(None, want("b", Mode::Shared)).unwrap();
    let _last = claim(None, internal("a")).unwrap();
}

#[test]
fn a_descending_claim_is_refused_with_a_way_out() {
    let _b = claim(None, want("b", Mode::Shared)).unwrap();
    assert_refused(
        claim(None, want("a", Mode::Exclusive)),
        ErrorKind::LockOrder,
        "failed to lock serial \"a\", because this thread holds shared \"b\", which comes later in \
         the order of locks, and could wait for ever; ask for both in the attribute of the test, or \
         release the other one first",
    );
    let _internal = claim(None, internal("a")).unwrap();
    assert!(claim(None, want("c", Mode::Exclusive)).is_err());
}

#[test]
fn the_same_key_twice_is_refused() {
    let _a = claim(None, want("a", Mode::Shared)).unwrap();
    assert_refused(
        claim(None, want("a", Mode::Shared)),
        ErrorKind::LockHeld,
        "failed to lock shared \"a\", because this thread already holds shared \"a\"; remove this \
         call, or release the other lock first",
    );
}

#[test]
fn a_lock_never_becomes_stronger() {
    let shop = test("shop::pays", None);
    let _held = begin(&shop, &[EVERYONE, want("a", Mode::Shared)]);
    assert_refused(
        claim(Some(&shop), want("a", Mode::Exclusive)),
        ErrorKind::Deadlock,
        "failed to lock serial \"a\", because `shop::pays` already holds shared \"a\", which never \
         becomes stronger while it is held; ask for the stronger one where the key is locked first",
    );
}

#[test]
fn what_was_released_is_forgotten_also_when_dropped_elsewhere() {
    let b = claim(None, want("b", Mode::Exclusive)).unwrap();
    std::thread::spawn(|| drop(b)).join().unwrap();
    drop(claim(None, want("a", Mode::Exclusive)).unwrap());
}

#[test]
fn threads_without_a_test_are_judged_apart() {
    let _b = claim(None, want("b", Mode::Exclusive)).unwrap();
    std::thread::spawn(|| drop(claim(None, want("a", Mode::Exclusive)).unwrap()))
        .join()
        .unwrap();
}

#[test]
fn a_thread_of_a_test_may_wait_for_the_guard_of_another_one() {
    let shop = test("shop::pays", None);
    let _held = begin(&shop, &[EVERYONE, want("a", Mode::Exclusive)]);
    let _guard = claim(Some(&shop), want("b", Mode::Exclusive)).unwrap();
    let other = shop.clone();
    let in_another_thread = move || {
        let ask = |key| claim(Some(&other), want(key, Mode::Exclusive));
        assert!(ask("a").is_err(), "the test holds it until it ends");
        assert_eq!(ask("b").unwrap().1, Approach::Wait);
    };
    std::thread::spawn(in_another_thread).join().unwrap();
}

#[test]
fn a_test_that_is_called_takes_only_what_its_caller_has_not() {
    let around = test("shop::pays", None);
    let _held = begin(&around, &[EVERYONE, want("b", Mode::Limit(2))]);
    let inside = test("shop::called", Some(&around));
    let wants = [EVERYONE, want("b", Mode::Shared), want("c", Mode::Shared)];
    let (claimed, missing) = begin(&inside, &wants);
    assert_eq!(missing, [(want("c", Mode::Shared), Approach::Wait)]);
    assert!(claim_all(&inside, &[want("a", Mode::Shared)]).is_err());
    drop(claimed);
    assert!(claim_all(&inside, &[want("b", Mode::Exclusive)]).is_err());
}

#[test]
fn tests_that_take_turns_in_a_thread_never_wait_for_each_other() {
    let (one, other) = (test("shop::one", None), test("shop::other", None));
    let _held = begin(&one, &[EVERYONE, want("b", Mode::Exclusive)]);
    let missing = begin(&other, &[EVERYONE]).1;
    assert_eq!(missing, [(EVERYONE, Approach::Try)]);
    let refused = claim_all(&other, &[want("b", Mode::Shared)]).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Deadlock);
    assert_eq!(
        refused.to_string(),
        "failed to lock shared \"b\", because `shop::one`, which takes turns with it in one thread, \
         holds serial \"b\" and could never release it; run them one after the other, or in threads \
         of their own"
    );
    assert!(claim_all(&other, &[want("a", Mode::Shared)]).is_err());
}

#[test]
fn a_resource_waits_for_internal_keys_only() {
    let shop = test("shop::pays", None);
    let _held = begin(&shop, &[EVERYONE, want("b", Mode::Exclusive)]);
    let providing = shop.provide();
    assert!(claim(Some(&shop), want("a", Mode::Exclusive)).is_err());
    assert_refused(
        claim(Some(&shop), want("c", Mode::Shared)),
        ErrorKind::LockOrder,
        "failed to lock shared \"c\", because a resource of `shop::pays` is being provisioned or \
         released, and only internal keys come after all keys that tests may hold; write \
         `Key::new(\"c\").internal()`",
    );
    let scoped = Want {
        subject: Subject::Key(Key::new("c").scoped("shop")),
        mode: Mode::Shared,
    };
    let error = claim(Some(&shop), scoped).unwrap_err().to_string();
    assert!(
        error.ends_with("; write `Key::new(\"c\").scoped(\"shop\").internal()`"),
        "{error}"
    );
    let everywhere = Want {
        subject: Subject::Key(Key::across_machines("c")),
        mode: Mode::Shared,
    };
    let error = claim(Some(&shop), everywhere).unwrap_err().to_string();
    assert!(
        error.ends_with("; name the key in the attribute of the test"),
        "{error}"
    );
    drop(super::claim_without_waiting(
        Some(&shop),
        want("a", Mode::Shared),
        &mark(),
    ));
    drop(claim(Some(&shop), internal("a")).unwrap());
    drop(providing);
    drop(claim(Some(&shop), want("c", Mode::Shared)).unwrap());
}
