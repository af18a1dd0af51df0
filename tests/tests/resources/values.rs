//! `Port::reserve` and `TmpDir::new`: the same resources in helpers, without the attribute.

#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use isolated_test::{Port, isolated};
use isolated_test_tests::{Finished, State, plain};

mod inner {
    use std::fs;
    use std::path::PathBuf;

    use isolated_test::{Key, Port, TmpDir, isolated};
    use isolated_test_tests::{hold, say};

    const NUMBER: u16 = 18_491;

    /// The helper that many tests call.
    fn store() -> TmpDir {
        let dir = TmpDir::new().unwrap();
        fs::write(dir.join("index"), "empty").unwrap();
        say(&format!("path {}", dir.display()));
        dir
    }

    /// Creates a directory twice, and drops one before the end.
    fn use_two() {
        drop(store());
        let _second = store();
        assert!(std::env::var_os("FAIL").is_none(), "on purpose");
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn in_place() {
        use_two();
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn in_a_subprocess() {
        use_two();
    }

    #[test]
    #[ignore = "started by another test"]
    fn outside_of_any_test() {
        let path = store().path().to_owned();
        assert!(!path.exists(), "the last clone is gone");
        let _stays = store();
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    fn a_copy() {
        let _stays = TmpDir::copy_of(PathBuf::from("tests/resources")).map(|dir| {
            assert!(dir.join("values.rs").is_file());
        });
        let missing = TmpDir::copy_of("tests/no-such-fixture").unwrap_err();
        say(&missing.to_string());
    }

    #[test]
    #[ignore = "started by another test"]
    fn insists_on_a_number() {
        let _port = Port::builder().number(NUMBER).reserve().unwrap();
        hold();
    }

    #[isolated(port(number = NUMBER))]
    #[test]
    #[ignore = "started by another test"]
    fn insists_by_attribute() {
        hold();
    }

    /// A port comes after all keys, so a test that holds a key may wait for it.
    #[isolated(serial = "z")]
    #[test]
    #[ignore = "started by another test"]
    fn insists_while_it_holds_a_key() {
        let _port = Port::builder().number(NUMBER).reserve().unwrap();
        let refused = Key::new("zz").lock().unwrap_err();
        assert!(refused.to_string().contains("port 18491"), "{refused}");
        hold();
    }
}

/// The directories that the test has created.
fn paths(run: &Finished) -> Vec<PathBuf> {
    let lines = run
        .output
        .lines()
        .filter_map(|line| line.strip_prefix("@path "));
    lines.map(PathBuf::from).collect()
}

#[test]
fn a_directory_of_a_helper_ends_with_the_test_that_passes() {
    for test in ["in_place", "in_a_subprocess"] {
        let state = State::new();
        let run = state.inner(test).run().passed();
        assert_eq!(paths(&run).len(), 2);
        assert!(state.runs().is_empty(), "{:?}", state.runs());
    }
}

#[test]
fn a_directory_of_a_helper_is_kept_and_printed_when_the_test_fails() {
    for test in ["in_place", "in_a_subprocess"] {
        let state = State::new();
        let run = state.inner(test).env("FAIL", "1").run().failed();
        let paths = paths(&run);
        assert_eq!(paths.len(), 2);
        for path in paths {
            assert!(path.join("index").is_file());
            let kept = format!("{} (kept)", path.display());
            assert!(run.errors.contains(&kept), "{}", run.errors);
        }
        let never = state
            .inner(test)
            .env("FAIL", "1")
            .env("ISOLATED_KEEP", "never");
        let run = never.run().failed();
        for path in self::paths(&run) {
            assert!(!path.exists());
            let removed = format!("{} (removed)", path.display());
            assert!(run.errors.contains(&removed), "{}", run.errors);
        }
    }
}

#[test]
fn outside_of_tests_a_directory_ends_with_its_last_clone_or_the_next_sweep() {
    let state = State::new();
    let mut running = state.holding("outside_of_any_test");
    assert_eq!(state.runs().len(), 4, "{:?}", state.runs()); // The record, its directory, and the test's.
    running.kill();
    let _ = state.inner("in_place").run().passed();
    assert!(state.runs().is_empty(), "{:?}", state.runs());
}

#[test]
fn a_directory_may_begin_as_a_copy() {
    let state = State::new();
    let run = state.inner("a_copy").run().passed();
    let expected = "failed to copy the fixture `tests/no-such-fixture`";
    assert!(run.said(expected).is_some(), "{}", run.output);
}

#[test]
fn a_port_is_held_until_its_last_clone_is_dropped() {
    let port = Port::reserve().unwrap();
    let [one, other] = Port::builder().reserve_many().unwrap();
    assert!(port.number() != one.number() && one.number() != other.number());
    let clone = port.clone();
    drop(port);
    assert!(plain::listen(clone.number()).is_err());
    let number = clone.number();
    drop(clone);
    drop(plain::listen(number).unwrap());
}

#[test]
fn ports_are_held_for_the_protocols_that_were_chosen() {
    let udp = Port::builder().udp().reserve().unwrap();
    drop(udp.bind_udp().unwrap());
    let both = Port::builder().tcp_and_udp().reserve().unwrap();
    let _servers = (both.bind_udp().unwrap(), both.listen().unwrap());
}

#[isolated(serial = "port 18491")]
#[test]
fn a_number_is_waited_for() {
    let state = State::new();
    let tests = [
        "insists_on_a_number",
        "insists_by_attribute",
        "insists_while_it_holds_a_key",
    ];
    for first in tests {
        for second in tests {
            if first == second && first == "insists_while_it_holds_a_key" {
                continue; // They meet at the key.
            }
            let holder = state.holding(first);
            let mut waiter = state.inner(second).start();
            let line = waiter.hear_error("waiting for");
            assert!(line.contains("waiting for port 18491, held by "), "{line}");
            assert!(!waiter.has_said("held"));
            holder.release();
            waiter.hear("held");
            waiter.release();
        }
    }
}

#[isolated(serial = "port 18491")]
#[test]
fn a_number_that_somebody_has_is_not_waited_for() {
    let try_reserve = || Port::builder().number(18_491).try_reserve().unwrap();
    let listener = plain::listen(18_491).unwrap();
    assert!(try_reserve().is_none(), "a listener has it");
    drop(listener);

    let state = State::new();
    let holder = state.holding("insists_on_a_number");
    assert!(try_reserve().is_none(), "another process has it");
    holder.release();

    let port = try_reserve().expect("it is free");
    assert!(plain::listen(18_491).is_err(), "it is held");
    assert!(try_reserve().is_none(), "this process has it");
    drop(port);
    assert!(try_reserve().is_some());
    assert!(Port::builder().try_reserve().unwrap().is_some());
}

#[isolated(serial = "port 18492")]
#[test]
fn threads_that_insist_on_one_number_take_turns() {
    let reserve = || Port::builder().number(18_492).reserve().unwrap();
    let first = reserve();
    let (sender, receiver) = mpsc::channel();
    let second = thread::spawn(move || sender.send(reserve().number()));
    assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err());
    drop(first);
    assert_eq!(receiver.recv(), Ok(18_492));
    second.join().unwrap().unwrap();
}
