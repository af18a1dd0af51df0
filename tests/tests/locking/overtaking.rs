//! No waiter is overtaken for long, not even by a process that has held the lock before.
//!
//! Such a process keeps the lock files open, and skips the turnstile where nobody waits.

use std::fs::{self, File};
#[cfg(unix)]
use std::path::Path;
use std::time::{Duration, SystemTime};

use isolated_test_tests::{Running, State};

mod inner {
    use isolated_test::{Guard, Key, isolated};
    use isolated_test_tests::{hold, listen, say};

    const KEY: Key = Key::new("key");

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

    /// Acquires locks several times, and holds them at the end. The outer test triggers the later
    /// steps.
    fn takes(take: impl Fn(), hold: impl Fn()) {
        take();
        take();
        say("knows");
        listen("again");
        take();
        say("again");
        listen("hold");
        hold();
    }

    fn takes_guards(take: impl Fn() -> Guard) {
        takes(
            || drop(take()),
            || {
                let _guard = take();
                hold();
            },
        );
    }

    #[test]
    #[ignore = "started by another test"]
    fn reads() {
        takes_guards(|| KEY.lock_shared().unwrap());
    }

    #[test]
    #[ignore = "started by another test"]
    fn writes() {
        takes_guards(|| KEY.lock().unwrap());
    }

    #[isolated(test_attribute = "called by a test")]
    fn does_nothing() {}

    #[test]
    #[ignore = "started by another test"]
    fn begins() {
        takes(does_nothing, plain);
    }

    #[isolated(serial = "key", test_attribute = "called by a test")]
    fn has_the_key() {}

    #[test]
    #[ignore = "started by another test"]
    fn begins_with_the_key() {
        takes(has_the_key, writer);
    }
}

/// Creates a state in which nobody has waited for a long time.
fn quiet(test: &str) -> State {
    let state = State::new();
    state.holding(test).release();
    for lock in state.locks() {
        let file = File::options().write(true).open(lock).unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(60);
        file.set_modified(long_ago).unwrap();
    }
    state
}

/// Starts an inner test, and waits until it knows the lock.
fn knowing(state: &State, test: &str) -> Running {
    let mut running = state.inner(test).start();
    running.hear("knows");
    running
}

/// Returns the text of a record: the part of each block before the first zero.
#[cfg(unix)]
fn text_of(record: &Path) -> String {
    let bytes = fs::read(record).unwrap();
    let parts = bytes
        .chunks(1024)
        .filter_map(|block| block.split(|byte| *byte == 0).next());
    parts.map(String::from_utf8_lossy).collect()
}

/// The test that knows the lock, the test that it meets, and the test that waits.
const CASES: [(&str, &str, &str); 6] = [
    ("reads", "reader", "writer"),
    ("writes", "reader", "writer"),
    ("writes", "writer", "writer"),
    ("begins", "plain", "alone"),
    ("begins_with_the_key", "writer", "writer"),
    ("begins_with_the_key", "plain", "alone"),
];

#[test]
fn who_knows_the_lock_stands_behind_who_waits() {
    for (test, first, second) in CASES {
        let state = quiet(first);
        let mut known = knowing(&state, test);
        let first = state.holding(first);
        let mut second = state.waiting(second);
        known.tell("again");
        known.hear_error("waiting for");
        first.release();
        second.hear("held");
        assert!(!known.has_said("again"), "{test} has overtaken who waits");
        second.release();
        known.hear("again");
        known.tell("hold");
        known.hear("held");
        known.release();
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
        let first = state.holding(first);
        let mut second = state.waiting(second);
        known.tell("hold");
        known.hear_error("waiting for");
        first.release();
        second.hear("held");
        assert!(!known.has_said("held"), "{test} has overtaken who waits");
        second.release();
        known.hear("held");
        known.release();
    }
}

#[test]
fn who_passes_by_is_known_to_hold_what_it_has() {
    let state = quiet("writer");
    let mut known = knowing(&state, "begins_with_the_key");
    known.tell("again");
    known.hear("again");
    known.tell("hold");
    known.hear("held");
    // Now only the record shows that somebody holds the key.
    for lock in state.locks() {
        fs::remove_file(lock).unwrap();
    }
    let mut second = state.inner("writer").start();
    let line = second.hear_error("waiting for");
    assert!(
        line.contains("locking::overtaking::inner::writer (pid "),
        "{line}"
    );
    known.release();
    second.hear("held");
    second.release();
}

#[cfg(unix)] // On Windows, the record of a living process cannot be read.
#[test]
fn who_could_not_pass_by_is_not_said_to_hold_anything() {
    let state = quiet("writer");
    let mut known = knowing(&state, "begins_with_the_key");
    for lock in ["k-key", "k-key.turn"] {
        fs::remove_file(state.path().join("locks").join(lock)).unwrap();
    }
    let first = state.holding("writer");
    known.tell("again");
    known.hear_error("waiting for");
    let texts: Vec<_> = state.runs().iter().map(|record| text_of(record)).collect();
    let process = format!("process {}\n", known.id());
    let [mine, other] = [true, false].map(|is_mine| {
        let mut texts = texts.iter();
        let found = texts.find(|text| text.contains(&process) == is_mine);
        found.unwrap()
    });
    assert!(other.contains("serial key"), "{other}");
    // It waits for the key, and holds only the lock of all tests.
    let mut named = mine.lines().filter(|line| line.ends_with("serial key"));
    assert!(named.all(|line| line.starts_with("waits ")), "{mine}");
    assert!(mine.contains("\ntest\n"), "{mine}");
    first.release();
    known.hear("again");
    known.tell("hold");
    known.hear("held");
    known.release();
}
