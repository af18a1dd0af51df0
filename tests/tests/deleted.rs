//! Two processes that stand at the head of one queue, because its turnstile was deleted, and wait for
//! records: each has said that it has the lock, and neither must wait for the other.

#![cfg(target_os = "linux")]

use std::fs;

use isolated_test_tests::{First, Running, State};

mod inner {
    use isolated_test::isolated;
    use isolated_test_tests::{listen, say};

    #[isolated(limit("key", 2))]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_slot() {
        say("held");
        listen("release");
    }

    #[isolated(serial = "key")]
    #[test]
    #[ignore = "started by another test"]
    fn has_the_key() {
        say("held");
        listen("release");
    }
}

/// Starts an inner test and waits until it says that it waits.
fn waiting(state: &State, test: &str) -> Running {
    let mut running = state.inner(test).start();
    running.hear_error("waiting for");
    running
}

/// Lets an inner test that holds its lock go, and expects it to pass.
fn release(mut running: Running) {
    running.tell("release");
    let _ = running.finish().passed();
}

/// Deletes files of the key after one has the lock and again after one waits; both who wait get it.
#[track_caller]
fn both_get_it(test: &str, deleted: &[&str]) {
    let state = State::new();
    let delete = |name: &&str| fs::remove_file(state.path().join("locks").join(name));
    let mut holder = state.inner(test).start();
    holder.hear("held");
    deleted.iter().try_for_each(delete).unwrap();
    let mut one = waiting(&state, test);
    for again in deleted.iter().map(delete) {
        // Slots are not made again as long as one is held.
        assert!(again.is_ok() || test == "has_a_slot");
    }
    let mut other = waiting(&state, test);
    release(holder);
    let (mut first, second) = match one.hear_either(&mut other, "held") {
        First::One => (one, other),
        First::Other => (other, one),
    };
    if test == "has_a_slot" {
        // There are two.
        let mut second = second;
        second.hear("held");
        release(first);
        release(second);
        return;
    }
    first.tell("release");
    let _ = first.finish().passed();
    let mut second = second;
    second.hear("held");
    release(second);
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
