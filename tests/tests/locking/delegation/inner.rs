//! Tests that start programs with tests in them, and those tests.

use std::fs::OpenOptions;
use std::sync::Barrier;
use std::thread;

use isolated_test::{Key, current, isolated};
use isolated_test_tests::Inner;
use isolated_test_tests::programs::{assert_passed, program, run, tell_whom_to_act_for};

#[isolated]
#[test]
#[ignore = "started by another test"]
fn plain() {}

#[isolated(alone)]
#[test]
#[ignore = "started by another test"]
fn alone() {}

#[isolated(serial = "a")]
#[test]
#[ignore = "started by another test"]
fn serial_a() {}

#[isolated(serial = "k")]
#[test]
#[ignore = "started by another test"]
fn serial() {}

#[isolated(limit("k", 2))]
#[test]
#[ignore = "started by another test"]
fn limited() {}

#[isolated(serial = "k")]
#[test]
#[ignore = "started by another test"]
fn holds() {
    isolated_test_tests::hold();
}

#[isolated(alone)]
#[test]
#[ignore = "started by another test"]
fn alone_runs_all_kinds() {
    for test in ["plain", "serial", "alone"] {
        run(test);
    }
}

#[isolated(serial = "k")]
#[test]
#[ignore = "started by another test"]
fn serial_runs_serial() {
    run("serial");
    run("limited");
}

#[isolated(limit("k", 2))]
#[test]
#[ignore = "started by another test"]
fn limited_runs_limited() {
    run("limited");
}

#[isolated(serial = "k", process)]
#[test]
#[ignore = "started by another test"]
fn runs_serial_from_its_process() {
    run("serial");
}

#[test]
#[ignore = "started by another test"]
fn tries() {
    drop(
        Key::new("k")
            .try_lock()
            .unwrap()
            .expect("it acts for the holder"),
    );
}

#[isolated(serial = "k", process)]
#[test]
#[ignore = "started by another test"]
fn runs_one_that_tries() {
    assert!(
        Key::new("k").try_lock().unwrap().is_none(),
        "it is the holder"
    );
    run("tries");
}

#[isolated(process)]
#[test]
#[ignore = "started by another test"]
fn runs_serial_under_a_guard_in_its_process() {
    let _guard = Key::new("k").lock().unwrap();
    run("serial");
}

#[test]
#[ignore = "started by another test"]
fn runs_serial_under_a_guard() {
    let _guard = Key::new("k").lock().unwrap();
    run("serial");
}

#[isolated]
#[test]
#[ignore = "started by another test"]
fn runs_serial_under_a_guard_of_its_own() {
    let _guard = Key::new("k").lock().unwrap();
    run("serial");
}

#[isolated(serial = "k")]
#[test]
#[ignore = "started by another test"]
fn runs_one_that_runs_serial() {
    run("serial_runs_serial");
}

#[isolated(serial = "k", process)]
#[test]
#[ignore = "started by another test"]
fn runs_one_that_runs_serial_from_processes() {
    run("runs_serial_from_its_process");
}

#[isolated(shared = "k")]
#[test]
#[ignore = "started by another test"]
fn shared_runs_serial() {
    run("serial");
}

#[isolated]
#[test]
#[ignore = "started by another test"]
fn plain_runs_alone() {
    run("alone");
}

#[isolated(serial = "k")]
#[test]
#[ignore = "started by another test"]
fn delegates_to_one_out_of_order() {
    let mut command = program("serial_a");
    assert_passed(&current().delegate_to(&mut command).output().unwrap());
}

#[isolated(serial = "k")]
#[test]
#[ignore = "started by another test"]
fn delegates_to_two() {
    let delegated = |test| {
        Inner::beside(test).with(|command| {
            current().delegate_to(command);
        })
    };
    let mut one = delegated("holds").start();
    one.hear("held");
    let mut other = delegated("holds").start();
    let line = other.hear_error("waiting for");
    assert!(
        line.contains("held by locking::delegation::inner::holds (pid "),
        "{line}"
    );
    assert!(!other.has_said("held"));
    one.release();
    other.hear("held");
    other.release();
}

#[isolated(serial = "k")]
#[test]
#[ignore = "started by another test"]
fn runs_one_that_holds() {
    assert!(program("holds").status().unwrap().success());
}

#[isolated(serial = "k")]
#[test]
#[ignore = "started by another test"]
fn holds_and_tells_whom_to_act_for() {
    tell_whom_to_act_for();
}

static TOGETHER: Barrier = Barrier::new(2);

#[isolated]
#[test]
#[ignore = "called by another test"]
fn runs_beside() {
    TOGETHER.wait();
    TOGETHER.wait();
}

#[isolated(serial = "k")]
#[test]
#[ignore = "called by another test"]
fn starts_a_program_beside_another_test() {
    TOGETHER.wait();
    let alone = program("serial").output().unwrap();
    let mut command = program("serial");
    let delegated = current().delegate_to(&mut command).output().unwrap();
    TOGETHER.wait();
    eprint!("{}", String::from_utf8_lossy(&alone.stderr));
    assert!(!alone.status.success());
    assert_passed(&delegated);
}

#[test]
#[ignore = "started by another test"]
fn two_at_once() {
    let beside = thread::spawn(runs_beside);
    starts_a_program_beside_another_test();
    beside.join().unwrap();
}

#[isolated(alone)]
#[test]
#[ignore = "started by another test"]
fn runs_many_that_exclude_each_other() {
    let children: Vec<_> = (0..8)
        .map(|_| program("works_alone_in_a_directory").spawn().unwrap())
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
}

#[isolated(alone)]
#[test]
#[ignore = "started by another test"]
fn works_alone_in_a_directory() {
    let path = std::path::Path::new(&std::env::var("ISOLATED_DIR").unwrap()).join("inside");
    let new = OpenOptions::new().write(true).create_new(true).open(&path);
    assert!(new.is_ok(), "two are alone");
    std::fs::remove_file(&path).unwrap();
}
