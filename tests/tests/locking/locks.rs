//! `serial`, `shared`, `limit`, `alone` between processes: which locks exclude each other, and what
//! releases them.

use std::fs;

use isolated_test_tests::{First, State};

mod inner {
    use isolated_test::{Key, isolated};
    use isolated_test_tests::{hold, listen, say};

    #[isolated(serial = "key")]
    #[test]
    #[ignore = "started by another test"]
    fn serial() {
        hold();
    }

    #[isolated(shared = "key")]
    #[test]
    #[ignore = "started by another test"]
    fn shared() {
        hold();
    }

    #[isolated(limit("key", 2))]
    #[test]
    #[ignore = "started by another test"]
    fn limit() {
        hold();
    }

    #[isolated(limit("key", 3))]
    #[test]
    #[ignore = "started by another test"]
    fn another_limit() {
        hold();
    }

    #[isolated(alone)]
    #[test]
    #[ignore = "started by another test"]
    fn alone() {
        hold();
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn nothing() {
        hold();
    }

    #[isolated(serial = ["another", "key"])]
    #[test]
    #[ignore = "started by another test"]
    fn two_keys() {
        hold();
    }

    #[isolated(serial = "key")]
    #[test]
    #[ignore = "started by another test"]
    fn panics() {
        panic!("on purpose");
    }

    #[isolated(serial = "key", test_attribute = "called by a test")]
    fn panics_on_the_way() {
        panic!("on purpose");
    }

    #[test]
    #[ignore = "started by another test"]
    fn goes_on_after_a_panic() {
        std::panic::catch_unwind(panics_on_the_way).unwrap_err();
        assert!(Key::new("key").try_lock().unwrap().is_some());
    }

    #[isolated(serial = "key")]
    #[test]
    #[ignore = "started by another test"]
    #[expect(clippy::zombie_processes, reason = "it is to outlive the test")]
    fn leaves_a_child() {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "locks::inner::listens",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .stdin(std::process::Stdio::inherit())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        say(&format!("child {}", child.id()));
    }

    #[test]
    #[ignore = "started by another test"]
    fn listens() {
        listen("end");
    }

    #[test]
    #[ignore = "started by another test"]
    fn guard() {
        let _guard = Key::new("key").lock().unwrap();
        hold();
    }
}

/// Asserts that `second` acquires its locks while `first` holds its own, or only afterwards.
#[track_caller]
fn meet(first: &str, second: &str, together: bool) {
    let state = State::new();
    let one = state.holding(first);
    if together {
        let other = state.holding(second);
        other.release();
        one.release();
    } else {
        // The notice proves that the second waits, without a guess about timing.
        let mut other = state.inner(second).start();
        other.hear_error("waiting for");
        assert!(!other.has_said("held"));
        one.release();
        other.hear("held");
        other.release();
    }
}

#[test]
fn exclusive_holders_exclude_each_other() {
    meet("serial", "serial", false);
}

#[test]
fn an_exclusive_holder_excludes_a_reader() {
    meet("serial", "shared", false);
}

#[test]
fn a_reader_excludes_an_exclusive_holder() {
    meet("shared", "serial", false);
}

#[test]
fn readers_meet() {
    meet("shared", "shared", true);
}

#[test]
fn readers_meet_limited_holders() {
    meet("shared", "limit", true);
    meet("limit", "shared", true);
}

#[test]
fn an_exclusive_holder_excludes_limited_ones() {
    meet("serial", "limit", false);
}

#[test]
fn limited_holders_exclude_an_exclusive_one() {
    meet("limit", "serial", false);
}

#[test]
fn one_of_several_keys_is_enough() {
    meet("two_keys", "serial", false);
}

#[test]
fn a_guard_and_a_test_exclude_each_other() {
    meet("guard", "serial", false);
    meet("serial", "guard", false);
}

#[test]
fn a_test_that_is_alone_excludes_every_other_one() {
    meet("alone", "nothing", false);
}

#[test]
fn every_other_test_excludes_one_that_is_alone() {
    meet("nothing", "alone", false);
}

#[test]
fn other_state_directories_do_not_matter() {
    let (one, other) = (State::new(), State::new());
    let mut first = one.holding("serial");
    let mut second = other.holding("serial");
    first.tell("release");
    second.tell("release");
}

#[test]
fn as_many_hold_a_limited_key_as_it_says() {
    let state = State::new();
    let mut one = state.holding("limit");
    let two = state.holding("limit");
    let mut three = state.inner("limit").start();
    three.hear_error("waiting for limit \"key\" (2), held by");
    assert!(!three.has_said("held"));
    // Any slot that becomes free is acquired.
    two.release();
    three.hear("held");
    one.kill();
    let mut four = state.holding("limit");
    four.tell("release");
    three.tell("release");
    let _ = (three.finish().passed(), four.finish().passed());
}

#[test]
fn users_of_a_limited_key_agree_on_its_limit() {
    let state = State::new();
    let one = state.holding("limit");
    let refused = state.inner("another_limit").run().failed();
    assert!(
        refused.errors.contains(
            "failed to lock limit \"key\" (3), because others hold it with a limit of 2 at this moment; \
             write the same limit everywhere\n"
        ),
        "{}",
        refused.errors
    );
    one.release();
    // Nobody holds it any longer, so the number may change.
    let other = state.holding("another_limit");
    other.release();
}

#[test]
fn a_killed_holder_frees_its_locks_whatever_they_are() {
    for first in ["serial", "shared", "limit", "alone", "guard"] {
        let state = State::new();
        state.holding(first).kill();
        let second = if first == "alone" { "alone" } else { "serial" };
        let next = state.holding(second);
        next.release();
    }
}

#[test]
fn a_killed_waiter_is_not_waited_for() {
    let state = State::new();
    let mut one = state.holding("serial");
    let mut waiter = state.inner("serial").start();
    waiter.hear_error("waiting for");
    let mut next = state.inner("serial").start();
    next.hear_error("waiting for");
    waiter.kill();
    one.tell("release");
    next.hear("held");
    next.tell("release");
    let _ = (one.finish().passed(), next.finish().passed());
}

#[test]
fn a_panic_releases_the_lock() {
    let state = State::new();
    let _ = state.inner("panics").run().failed();
    let next = state.holding("serial");
    next.release();
}

#[test]
fn a_panic_releases_the_lock_while_the_process_goes_on() {
    let _ = State::new().inner("goes_on_after_a_panic").run().passed();
}

#[test]
fn a_child_that_outlives_the_test_does_not_keep_the_lock() {
    let state = State::new();
    let mut one = state.inner("leaves_a_child").start();
    one.hear("child");
    // The child shares standard input, and ends when it is closed.
    let mut next = state.holding("serial");
    next.tell("release");
    let _ = (next.finish().passed(), one.finish().passed());
}

fn delete_lock_files(state: &State) {
    for lock in state.locks() {
        fs::remove_file(lock).unwrap();
    }
}

#[test]
fn who_comes_after_a_held_lock_file_was_deleted_still_waits() {
    for (first, second) in [
        ("serial", "serial"),
        ("serial", "shared"),
        ("serial", "limit"),
        ("shared", "serial"),
        ("limit", "serial"),
        ("alone", "nothing"),
        ("nothing", "alone"),
    ] {
        let state = State::new();
        let one = state.holding(first);
        delete_lock_files(&state);
        let mut other = state.inner(second).start();
        other.hear_error("waiting for");
        assert!(!other.has_said("held"), "{first} and {second} met");
        one.release();
        other.hear("held");
        other.release();
    }
}

#[test]
fn who_waits_for_a_lock_file_that_is_deleted_begins_anew() {
    let state = State::new();
    let one = state.holding("serial");
    let mut waiter = state.inner("serial").start();
    waiter.hear_error("waiting for");
    delete_lock_files(&state);
    let mut late = state.inner("serial").start();
    late.hear_error("waiting for");
    one.release();
    // Either may be first, but never both.
    let (first, mut second) = match waiter.hear_either(&mut late, "held") {
        First::One => (waiter, late),
        First::Other => (late, waiter),
    };
    assert!(!second.has_said("held"), "both hold the key");
    first.release();
    second.hear("held");
    second.release();
}

/// Without the records, only the lock file itself shows that its lock is void.
#[test]
fn who_waited_for_a_deleted_lock_file_holds_the_one_in_its_place() {
    let state = State::new();
    let one = state.holding("serial");
    let mut waiter = state.inner("serial").start();
    waiter.hear_error("waiting for");
    delete_lock_files(&state);
    for record in state.runs() {
        fs::remove_file(record).unwrap();
    }
    one.release();
    waiter.hear("held");
    let mut late = state.inner("serial").start();
    late.hear_error("waiting for");
    assert!(!late.has_said("held"), "both hold the key");
    waiter.tell("release");
    late.hear("held");
    late.tell("release");
    let _ = (waiter.finish().passed(), late.finish().passed());
}

#[test]
fn deleted_slots_do_not_admit_more_holders_than_the_limit() {
    let state = State::new();
    let mut one = state.holding("limit");
    let mut two = state.holding("limit");
    delete_lock_files(&state);
    let mut three = state.inner("limit").start();
    three.hear_error("waiting for");
    assert!(
        !three.has_said("held"),
        "three hold a key with a limit of two"
    );
    one.tell("release");
    two.tell("release");
    let _ = (one.finish().passed(), two.finish().passed());
    three.hear("held");
    // All slots exist again.
    let mut four = state.holding("limit");
    four.tell("release");
    three.tell("release");
    let _ = (three.finish().passed(), four.finish().passed());
}
