//! Programs with isolated tests that a test starts: they act on its behalf.

// On Windows they cannot read whom they act for, and wait for it.
#![cfg(unix)]

use std::path::{Path, PathBuf};

use isolated_test_tests::{Finished, State};

mod inner;

/// Runs an inner test with a short lock timeout, and expects that nothing is left of it.
#[track_caller]
fn run(test: &str) -> Finished {
    let state = State::new();
    let inner = state.inner(test).env("ISOLATED_LOCK_TIMEOUT", "5s");
    let finished = inner.run();
    assert_eq!(state.runs(), [] as [&Path; 0], "{test} left something");
    finished
}

#[test]
fn a_program_holds_what_the_test_holds_that_has_started_it() {
    for test in [
        "alone_runs_all_kinds",
        "serial_runs_serial",
        "limited_runs_limited",
    ] {
        let _ = run(test).passed();
    }
}

#[test]
fn a_program_that_the_process_of_a_test_starts_acts_for_the_test() {
    for test in ["runs_serial_from_its_process", "runs_one_that_tries"] {
        let _ = run(test).passed();
    }
}

#[test]
fn a_program_acts_for_a_guard_too() {
    for test in [
        "runs_serial_under_a_guard",
        "runs_serial_under_a_guard_of_its_own",
        "runs_serial_under_a_guard_in_its_process",
    ] {
        let _ = run(test).passed();
    }
}

#[test]
fn a_program_of_a_program_acts_for_both() {
    for test in [
        "runs_one_that_runs_serial",
        "runs_one_that_runs_serial_from_processes",
    ] {
        let _ = run(test).passed();
    }
}

#[test]
fn what_a_test_holds_does_not_become_stronger_in_a_program() {
    let refused = run("shared_runs_serial").failed();
    assert!(
        refused.errors.contains(
            "locking::delegation::inner::serial: failed to lock serial \"k\", because \
             `locking::delegation::inner::shared_runs_serial` (pid "
        ) && refused.errors.contains(
            ") has started this program and holds shared \"k\", which never becomes stronger while it is \
             held; ask for the stronger one in that test\n"
        ),
        "{}",
        refused.errors
    );
}

#[test]
fn a_test_that_wants_to_be_alone_is_refused_below_one_that_is_not() {
    let refused = run("plain_runs_alone").failed();
    assert!(
        refused.errors.contains(
            "has started this program and holds the lock of all tests, which never becomes stronger \
             while it is held; ask for `alone` in that test\n"
        ),
        "{}",
        refused.errors
    );
}

#[test]
fn a_program_keeps_the_order_of_the_test_that_has_started_it() {
    let refused = run("delegates_to_one_out_of_order").failed();
    assert!(
        refused.errors.contains(
            "has started this program and holds serial \"k\", which comes later in the order of locks, \
             and could wait for ever; ask for both in the attribute of that test\n"
        ),
        "{}",
        refused.errors
    );
}

#[test]
fn programs_that_act_for_one_test_exclude_each_other() {
    let _ = run("delegates_to_two").passed();
    let _ = run("runs_many_that_exclude_each_other").passed();
}

#[test]
fn a_program_that_cannot_know_for_whom_it_acts_is_refused_at_once() {
    let run = run("two_at_once").passed();
    assert!(
        run.errors.contains(
            "locking::delegation::inner::serial: failed to lock serial \"k\", because it is held by \
             locking::delegation::inner::starts_a_program_beside_another_test (pid "
        ) && run.errors.contains(
            "), whose process has started this program for one of several tests; write \
             `current().delegate_to(&mut command)` where the program is started\n"
        ),
        "{}",
        run.errors
    );
}

#[test]
fn nobody_acts_for_a_test_that_has_ended() {
    let state = State::new();
    let mut owner = state.inner("holds_and_tells_whom_to_act_for").start();
    let mark = owner.hear("owner");
    let act = || state.inner("serial").env("ISOLATED_OWNER", &mark);
    let _ = act().run().passed();
    owner.kill();
    // The program acquires the key itself now, so it waits for the holder.
    let holder = state.holding("holds");
    let mut next = act().start();
    next.hear_error("waiting for");
    holder.release();
    let _ = next.finish().passed();
}

#[test]
fn what_a_program_holds_for_a_killed_test_is_in_nobodys_way_and_swept() {
    let state = State::new();
    let within = || {
        let is_within = |path: &PathBuf| path.to_string_lossy().contains(".within/");
        state.runs().into_iter().filter(is_within).count()
    };
    let mut owner = state.inner("runs_one_that_holds").start();
    owner.hear("held");
    assert!(within() > 0);
    owner.kill();
    // The program is still running.
    let next = state.holding("holds");
    assert_eq!(within(), 0);
    next.release();
    owner.tell("release");
}

#[test]
fn a_variable_that_names_nobody_means_nothing() {
    let state = State::new();
    for value in ["", "gone", "gone:1:5", "../../etc:1:5", "a:b:c", "a:1:5:9"] {
        let _ = state
            .inner("serial")
            .env("ISOLATED_OWNER", value)
            .run()
            .passed();
    }
}
