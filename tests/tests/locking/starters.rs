//! The test on whose behalf a program acts, when there are several candidates or the first has
//! ended.

#![cfg(target_os = "linux")]

use isolated_test_tests::{Finished, Running, State};

mod inner;

fn run(test: &str) -> Finished {
    let state = State::new();
    let inner = state.inner(test);
    inner.env("ISOLATED_LOCK_TIMEOUT", "5s").run()
}

#[test]
fn a_program_does_not_act_for_the_next_test_of_its_process() {
    let _ = run("a_program_outlives_the_test_that_has_started_it").passed();
    let _ = run("a_program_outlives_the_test_that_has_delegated_to_it").passed();
    let _ = run("a_program_outlives_a_younger_test_that_has_delegated_to_it").passed();
}

#[test]
fn an_owner_is_not_forgotten_for_a_guard_that_comes_between() {
    let _ = run("a_guard_comes_between").passed();
}

#[test]
fn an_owner_is_found_behind_a_program_that_never_waited() {
    let _ = run("serial_runs_plain_that_runs_serial").passed();
}

#[test]
fn a_guard_of_a_test_that_the_owner_calls_is_its_own() {
    let _ = run("calls_one_that_runs_serial_under_a_guard").passed();
}

#[test]
fn all_guards_of_a_thread_are_around_its_programs() {
    let _ = run("runs_serial_under_two_guards").passed();
    let _ = run("runs_serial_under_two_guards_in_its_process").passed();
}

#[test]
fn a_guard_of_another_thread_is_not_around_a_program() {
    let errors = run("another_thread_has_the_guard").passed().errors;
    assert!(
        errors.contains(
            "locking::starters::inner::serial: failed to lock serial \"k\", because it is held by locking-"
        ) && errors.contains(
            "), whose process has started this program while it held several locks; release the \
                 others, or hold them in the thread that starts the program\n"
        ),
        "{errors}"
    );
}

/// Starts two programs that act for a test. The second waits for the first, and reports this.
fn start_two(state: &State, mark: &str, test: &str) -> [Running; 2] {
    let start = || state.inner(test).env("ISOLATED_OWNER", mark).start();
    let mut first = start();
    first.hear("inside");
    let mut second = start();
    second.hear_error("waiting for");
    [first, second]
}

#[test]
fn programs_take_turns_in_the_place_of_their_owner() {
    let state = State::new();
    let mut gate = state.gate("gate");
    let mut owner = state.inner("limited_tells_whom_to_act_for").start();
    let mark = owner.hear("owner");
    let [first, mut second] = start_two(&state, &mark, "limited_passes_a_gate");
    gate.open();
    let _ = first.finish().passed();
    second.hear("inside");
    gate.open();
    let _ = second.finish().passed();
    owner.tell("release");
    let _ = owner.finish().passed();
}

#[test]
fn who_waits_within_an_owner_goes_on_when_that_has_ended() {
    let state = State::new();
    let mut gate = state.gate("gate");
    let mut owner = state.inner("tells_whom_to_act_for").start();
    let mark = owner.hear("owner");
    let [first, mut second] = start_two(&state, &mark, "passes_a_gate");
    owner.tell("release");
    let _ = owner.finish().passed();
    gate.open();
    let _ = first.finish().passed();
    second.hear("inside");
    gate.open();
    let _ = second.finish().passed();
}
