//! Two processes at the head of one queue, because its turnstile was deleted. They wait for
//! records: each has published its claim, and neither must wait for the other.

#![cfg(target_os = "linux")]

use std::fs;

use isolated_test_tests::{First, State};

mod inner {
    use isolated_test::isolated;
    use isolated_test_tests::hold;

    #[isolated(limit("key", 2))]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_slot() {
        hold();
    }

    #[isolated(serial = "key")]
    #[test]
    #[ignore = "started by another test"]
    fn has_the_key() {
        hold();
    }
}

/// Deletes files of the key once a test holds the lock, and again once another waits. Both waiters
/// acquire it.
#[track_caller]
fn both_get_it(test: &str, deleted: &[&str]) {
    let state = State::new();
    let delete = |name: &&str| fs::remove_file(state.path().join("locks").join(name));
    let mut holder = state.inner(test).start();
    holder.hear("held");
    deleted.iter().try_for_each(delete).unwrap();
    let mut one = state.waiting(test);
    for again in deleted.iter().map(delete) {
        // Slots are not recreated while one is held.
        assert!(again.is_ok() || test == "has_a_slot");
    }
    let mut other = state.waiting(test);
    holder.release();
    let (first, second) = match one.hear_either(&mut other, "held") {
        First::One => (one, other),
        First::Other => (other, one),
    };
    if test == "has_a_slot" {
        // There are two slots.
        let mut second = second;
        second.hear("held");
        first.release();
        second.release();
        return;
    }
    first.release();
    let mut second = second;
    second.hear("held");
    second.release();
}

#[test]
fn of_a_limit_that_nobody_knows_any_more() {
    both_get_it("has_a_slot", &["k-key.turn", "k-key.limit"]);
}

#[test]
fn of_slots_that_are_not_there() {
    both_get_it(
        "has_a_slot",
        &["k-key.turn", "k-key.limit", "k-key.s0", "k-key.s1"],
    );
}

#[test]
fn of_a_lock_file_with_slots_that_is_new() {
    let all = ["k-key", "k-key.turn", "k-key.limit", "k-key.s0", "k-key.s1"];
    both_get_it("has_a_slot", &all);
}

#[test]
fn of_a_lock_file_that_is_new() {
    both_get_it("has_the_key", &["k-key.turn", "k-key"]);
}
