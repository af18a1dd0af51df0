//! The item of a pool in a subprocess, in a called test, in the next attempt and in a program.

#[cfg(target_os = "linux")]
use isolated_test_tests::processes::pause;
use isolated_test_tests::{Finished, State};

mod inner {
    use std::cell::Cell;
    use std::env;

    use isolated_test::{current, isolated};
    use isolated_test_tests::{Inner, hold, say};

    #[isolated(device = pool("key", ["a", "b"]))]
    #[test]
    #[ignore = "started by another test"]
    fn holds(device: &str) {
        say(&format!("item {device}"));
        hold();
    }

    #[isolated(device = pool("key", ["a", "b"]), env(DEVICE = device, LENGTH = device.len()))]
    #[test]
    #[ignore = "started by another test"]
    fn in_a_subprocess(device: &str) {
        assert_eq!(env::var("DEVICE").as_deref(), Ok(device));
        assert_eq!(env::var("LENGTH").as_deref(), Ok("1"));
        assert_eq!(current().item("device"), Some(device));
        called();
        say(&format!("item {device}"));
    }

    #[cfg(target_os = "linux")]
    #[isolated(device = pool("key", ["a", "b"]), process)]
    #[test]
    #[ignore = "started by another test"]
    fn stays_in_a_subprocess(device: &str) {
        say(&format!("item {device}"));
        say(&format!(
            "supervisor {}",
            std::os::unix::process::parent_id()
        ));
        isolated_test_tests::ends::stay();
    }

    thread_local! {
        static CALLED: Cell<&'static str> = const { Cell::new("") };
    }

    #[isolated(mine = pool("key", ["b", "a"]), test_attribute = "called by a test")]
    fn called(mine: &'static str) {
        CALLED.set(mine);
    }

    #[isolated(test_attribute = "called by a test")]
    fn calls() {
        called();
    }

    #[isolated(device = pool("key", ["a", "b"]))]
    #[test]
    #[ignore = "started by another test"]
    fn calls_another(device: &str) {
        called();
        assert_eq!(CALLED.replace(""), device);
        calls();
        assert_eq!(CALLED.get(), device);
        say(&format!("item {device}"));
    }

    #[isolated(serial = "key")]
    #[test]
    #[ignore = "started by another test"]
    fn calls_without_an_item() {
        called();
    }

    #[isolated(device = pool("key", ["a", "b"]), retries = 2)]
    #[test]
    #[ignore = "started by another test"]
    fn passes_with_b(device: &str) {
        assert_eq!(device, "b");
    }

    #[isolated(device = pool("key", ["a", "b"]), process)]
    #[test]
    #[ignore = "started by another test"]
    fn starts_a_program(device: &str) {
        say(&format!("item {device}"));
        let errors = Inner::beside("holds").run().failed().errors;
        let message = "failed to lock pool \"key\" (2 items), because `locking::pool_within::inner::starts_a_program` \
                       (pid ";
        assert!(errors.contains(message), "{errors}");
        let reason = ") has started this program and has an item of that pool, which is for that test alone; pass the \
                      item to the program, such as in a variable, and use it there\n";
        assert!(errors.contains(reason), "{errors}");
    }

    #[isolated(serial = "key")]
    #[test]
    #[ignore = "started by another test"]
    fn starts_programs_alone() {
        let programs = ["a", "b"].map(|item| {
            let program = Inner::beside("holds").with(|command| {
                current().delegate_to(command);
            });
            let mut program = program.start();
            assert_eq!(program.hear("item"), item);
            program
        });
        for program in programs {
            program.release();
        }
    }
}

/// Runs an inner test while another one has the item `a`.
#[track_caller]
fn beside_a(test: &str) -> Finished {
    let state = State::new();
    let mut holder = state.inner("holds").start();
    assert_eq!(holder.hear("item"), "a");
    let run = state.inner(test).run();
    holder.release();
    run.passed()
}

#[cfg(any(target_os = "linux", windows))]
#[test]
fn the_subprocess_of_a_test_sees_its_item() {
    assert_eq!(beside_a("in_a_subprocess").said("item"), Some("b"));
}

/// The supervisor, which is paused, ends the subprocess of a killed test.
#[cfg(target_os = "linux")]
#[test]
fn the_item_of_a_killed_test_is_free_once_its_subprocess_has_ended() {
    let state = State::new();
    let mut victim = state.inner("stays_in_a_subprocess").start();
    assert_eq!(victim.hear("item"), "a");
    let paused = pause(victim.hear("supervisor").parse().unwrap());
    victim.kill();
    let mut second = state.inner("holds").start();
    assert_eq!(second.hear("item"), "b");
    let mut third = state.waiting("holds");
    assert!(!third.has_said("item"), "three have two items");
    drop(paused);
    assert_eq!(third.hear("item"), "a");
    second.release();
    third.release();
}

#[test]
fn a_called_test_has_the_item_of_its_caller() {
    assert_eq!(beside_a("calls_another").said("item"), Some("b"));
}

#[test]
fn a_called_test_has_no_item_if_its_caller_has_none() {
    let refused = State::new().inner("calls_without_an_item").run().failed();
    let message = "failed to pick an item of pool \"key\" (2 items), because the test that has called this one \
                   holds the key, but none of these items; write the same pool there\n";
    assert!(refused.errors.contains(message), "{}", refused.errors);
}

#[cfg(target_os = "linux")]
#[test]
fn each_attempt_gets_an_item_anew() {
    let _ = beside_a("passes_with_b");
    let _ = State::new().inner("passes_with_b").run().failed();
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_does_not_get_the_item_of_the_test_that_has_started_it() {
    assert_eq!(beside_a("starts_a_program").said("item"), Some("b"));
}

#[test]
fn programs_of_a_test_that_has_the_whole_pool_share_it() {
    let _ = State::new().inner("starts_programs_alone").run().passed();
}
