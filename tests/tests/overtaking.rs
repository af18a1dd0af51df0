//! Nobody is overtaken for long, also not by a process that has had the lock before.
//!
//! Such a process keeps the files open, and passes by the turnstile where nobody waits.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use isolated_test_tests::{Running, State};

mod inner {
    use isolated_test::{Guard, Key, isolated};
    use isolated_test_tests::{listen, say};

    const KEY: Key = Key::new("key");

    fn hold() {
        say("held");
        listen("release");
    }

    #[isolated(serial = "key")]
    #[test]
    #[ignore = "started by another test"]
    fn writer() {
        hold();
    }

    #[isolated(shared = "key")]
    #[test]
    #[ignore = "started by another test"]
    fn reader() {
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
    fn plain() {
        hold();
    }

    /// Takes a key again and again, each time as it is told.
    fn takes(take: impl Fn() -> Guard) {
        drop(take());
        drop(take());
        say("knows");
        listen("again");
        drop(take());
        say("again");
        listen("hold");
        let _guard = take();
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    fn reads() {
        takes(|| KEY.lock_shared().unwrap());
    }

    #[test]
    #[ignore = "started by another test"]
    fn writes() {
        takes(|| KEY.lock().unwrap());
    }

    #[isolated(test_attribute)]
    fn does_nothing() {}

    #[test]
    #[ignore = "started by another test"]
    fn begins() {
        does_nothing();
        does_nothing();
        say("knows");
        listen("again");
        does_nothing();
        say("again");
        listen("hold");
        plain();
    }
}

/// Starts an inner test and waits until it holds its locks.
fn holding(state: &State, test: &str) -> Running {
    let mut running = state.inner(test).start();
    running.hear("held");
    running
}

/// Starts an inner test and waits until it says that it waits.
fn waiting(state: &State, test: &str) -> Running {
    let mut running = state.inner(test).start();
    running.hear_error("waiting for");
    running
}

/// Lets an inner test that holds its locks go, and expects it to pass.
fn release(mut running: Running) {
    running.tell("release");
    let _ = running.finish().passed();
}

/// Makes a state in which nobody has waited for a long time.
fn quiet(test: &str) -> State {
    let state = State::new();
    release(holding(&state, test));
    for lock in state.locks() {
        let file = File::options().write(true).open(lock).unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(60);
        file.set_modified(long_ago).unwrap();
    }
    state
}

/// Starts an inner test that knows the lock, and waits until it does.
fn knowing(state: &State, test: &str) -> Running {
    let mut running = state.inner(test).start();
    running.hear("knows");
    running
}

/// The test that knows the lock, whom it meets, and who waits.
const CASES: [(&str, &str, &str); 4] = [
    ("reads", "reader", "writer"),
    ("writes", "reader", "writer"),
    ("writes", "writer", "writer"),
    ("begins", "plain", "alone"),
];

#[test]
fn who_knows_the_lock_stands_behind_who_waits() {
    for (test, first, second) in CASES {
        let state = quiet(first);
        let mut known = knowing(&state, test);
        let first = holding(&state, first);
        let mut second = waiting(&state, second);
        known.tell("again");
        known.hear_error("waiting for");
        release(first);
        second.hear("held");
        assert!(!known.has_said("again"), "{test} has overtaken who waits");
        release(second);
        known.hear("again");
        known.tell("hold");
        known.hear("held");
        release(known);
    }
}

#[test]
fn who_finds_the_lock_files_deleted_stands_where_others_do() {
    for (test, first, second) in CASES {
        let state = quiet(first);
        let mut known = knowing(&state, test);
        for lock in state.locks() {
            fs::remove_file(lock).unwrap();
        }
        known.tell("again");
        known.hear("again");
        let first = holding(&state, first);
        let mut second = waiting(&state, second);
        known.tell("hold");
        known.hear_error("waiting for");
        release(first);
        second.hear("held");
        assert!(!known.has_said("held"), "{test} has overtaken who waits");
        release(second);
        known.hear("held");
        release(known);
    }
}
