//! Tests that start programs when there are several candidates for their owner.

use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use isolated_test::{Key, current, isolated};
use isolated_test_tests::gate::pass;
use isolated_test_tests::programs::{assert_passed, program, run, tell_whom_to_act_for};
use isolated_test_tests::{Inner, Running, listen, say};

const K: Key = Key::new("k");

#[isolated(serial = K)]
#[test]
#[ignore = "started by another test"]
fn serial() {}

#[test]
#[ignore = "started by another test"]
fn locks_when_told() {
    say("ready");
    listen("lock");
    drop(K.lock().unwrap());
    say("locked");
}

static PROGRAM: Mutex<Option<Running>> = Mutex::new(None);

/// Leaves a program behind, and waits until any later test begins at a later time of the coarse
/// clock of processes.
fn leave(program: Inner<'_>) {
    let started = Instant::now();
    let mut program = program.start();
    program.hear("ready");
    while started.elapsed() < Duration::from_millis(50) {
        thread::yield_now();
    }
    *PROGRAM.lock().unwrap() = Some(program);
}

#[isolated]
#[test]
#[ignore = "called by another test"]
fn leaves_a_program() {
    leave(Inner::beside("locks_when_told"));
}

#[isolated]
#[test]
#[ignore = "called by another test"]
fn delegates_and_leaves_a_program() {
    leave(Inner::beside("locks_when_told").with(|command| {
        current().delegate_to(command);
    }));
}

#[isolated(serial = K)]
#[test]
#[ignore = "called by another test"]
fn is_not_its_owner() {
    is_waited_for("is_not_its_owner");
}

/// Makes the program request the key, and asserts that it waits for a test.
#[track_caller]
fn is_waited_for(test: &str) {
    let mut program = PROGRAM.lock().unwrap();
    let program = program.as_mut().unwrap();
    program.tell("lock");
    let line = program.hear_error("waiting for");
    let holder = format!("held by locking::starters::inner::{test} ");
    assert!(line.contains(&holder), "{line}");
}

fn finish_program() {
    let mut program = PROGRAM.lock().unwrap().take().unwrap();
    program.hear("locked");
    let _ = program.finish().passed();
}

#[isolated(serial = K)]
#[test]
#[ignore = "called by another test"]
fn holds_k_beside() {
    TOGETHER.wait();
    TOGETHER.wait();
    is_waited_for("holds_k_beside");
}

#[test]
#[ignore = "started by another test"]
fn a_program_outlives_a_younger_test_that_has_delegated_to_it() {
    let beside = thread::spawn(holds_k_beside);
    TOGETHER.wait();
    delegates_and_leaves_a_program();
    TOGETHER.wait();
    beside.join().unwrap();
    finish_program();
}

fn outlives(test: fn()) {
    test();
    is_not_its_owner();
    finish_program();
}

#[test]
#[ignore = "started by another test"]
fn a_program_outlives_the_test_that_has_started_it() {
    outlives(leaves_a_program);
}

#[test]
#[ignore = "started by another test"]
fn a_program_outlives_the_test_that_has_delegated_to_it() {
    outlives(delegates_and_leaves_a_program);
}

#[test]
#[ignore = "started by another test"]
fn locks_m_and_then_k() {
    drop(Key::new("m").lock().unwrap());
    say("has had m");
    listen("lock");
    drop(K.lock().unwrap());
}

#[test]
#[ignore = "started by another test"]
fn holds_m_around_a_program() {
    let guard = Key::new("m").lock().unwrap();
    let owner = std::env::var("ISOLATED_OWNER").unwrap();
    let program = Inner::beside("locks_m_and_then_k").env("ISOLATED_OWNER", owner);
    let mut program = program.start();
    program.hear("has had m");
    drop(guard);
    program.tell("lock");
    let _ = program.finish().passed();
}

static TOGETHER: Barrier = Barrier::new(2);

#[isolated]
#[test]
#[ignore = "called by another test"]
fn runs_beside() {
    TOGETHER.wait();
    TOGETHER.wait();
}

#[isolated(serial = K)]
#[test]
#[ignore = "called by another test"]
fn delegates_to_one_with_a_guard() {
    TOGETHER.wait();
    let mut command = program("holds_m_around_a_program");
    let output = current().delegate_to(&mut command).output().unwrap();
    TOGETHER.wait();
    assert_passed(&output);
}

#[test]
#[ignore = "started by another test"]
fn a_guard_comes_between() {
    let beside = thread::spawn(runs_beside);
    delegates_to_one_with_a_guard();
    beside.join().unwrap();
}

#[isolated]
#[test]
#[ignore = "started by another test"]
fn plain_runs_serial() {
    run("serial");
}

#[isolated(serial = K)]
#[test]
#[ignore = "started by another test"]
fn serial_runs_plain_that_runs_serial() {
    run("plain_runs_serial");
}

#[isolated]
#[test]
#[ignore = "called by another test"]
fn runs_serial_under_a_guard() {
    let _guard = K.lock().unwrap();
    run("serial");
}

#[isolated]
#[test]
#[ignore = "started by another test"]
fn calls_one_that_runs_serial_under_a_guard() {
    runs_serial_under_a_guard();
}

#[test]
#[ignore = "started by another test"]
fn runs_serial_under_two_guards() {
    let _first = Key::new("a").lock().unwrap();
    let _guard = K.lock().unwrap();
    run("serial");
}

#[isolated(process)]
#[test]
#[ignore = "started by another test"]
fn runs_serial_under_two_guards_in_its_process() {
    let _first = Key::new("a").lock().unwrap();
    let _guard = K.lock().unwrap();
    run("serial");
}

#[test]
#[ignore = "started by another test"]
fn another_thread_has_the_guard() {
    thread::scope(|scope| {
        scope.spawn(|| {
            let _guard = K.lock().unwrap();
            TOGETHER.wait();
            TOGETHER.wait();
        });
        TOGETHER.wait();
        let _mine = Key::new("a").lock().unwrap();
        let output = program("serial").output().unwrap();
        TOGETHER.wait();
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.status.success());
    });
}

#[isolated(serial = K)]
#[test]
#[ignore = "started by another test"]
fn passes_a_gate() {
    say("inside");
    pass("gate");
}

#[isolated(limit("k", 2))]
#[test]
#[ignore = "started by another test"]
fn limited_passes_a_gate() {
    say("inside");
    pass("gate");
}

#[isolated(serial = K)]
#[test]
#[ignore = "started by another test"]
fn tells_whom_to_act_for() {
    tell_whom_to_act_for();
}

#[isolated(limit("k", 2))]
#[test]
#[ignore = "started by another test"]
fn limited_tells_whom_to_act_for() {
    tell_whom_to_act_for();
}
