//! Waiting for locks: fair, visible and bounded.

use isolated_test::{Key, isolated};
use isolated_test_core::inspect::processes;
use isolated_test_tests::{Running, State, without_digits};

mod inner {
    use isolated_test::{Key, isolated};
    use isolated_test_tests::hold;

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

    #[isolated(limit("key", 1))]
    #[test]
    #[ignore = "started by another test"]
    fn limited() {
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

    pub(super) const KEY: Key = Key::new("key").scoped("shop");
    /// The line that acquires the guard.
    pub(super) const LINE: u32 = line!() + 5;

    #[test]
    #[ignore = "started by another test"]
    fn guards() {
        let _guard = KEY.lock().unwrap();
        hold();
    }

    #[isolated(serial = ["a", "b"])]
    #[test]
    #[ignore = "started by another test"]
    fn both() {
        hold();
    }

    #[isolated(shared = "a")]
    #[test]
    #[ignore = "started by another test"]
    fn reader_of_a() {
        hold();
    }

    #[isolated(serial = "key")]
    #[test]
    #[ignore = "started by another test"]
    #[should_panic]
    #[expect(clippy::should_panic_without_expect, reason = "any panic will do")]
    fn expects_a_panic() {
        panic!("on purpose");
    }

    #[isolated(serial = "key")]
    #[test]
    #[ignore = "started by another test"]
    fn fails() {
        panic!("on purpose");
    }
}

/// Replaces line numbers by 1, and the time for which a lock has been held by 0.
fn without_numbers(line: &str) -> String {
    let line = without_digits(line, "waiting.rs:", "1");
    without_digits(&line, ") for ", "0")
}

#[test]
fn a_reader_that_comes_after_a_waiting_writer_stands_behind_it() {
    let state = State::new();
    let first_reader = state.holding("reader");
    let mut writer = state.waiting("writer");
    let mut late_reader = state.waiting("reader");
    assert!(
        !late_reader.has_said("held"),
        "readers would starve the writer"
    );
    first_reader.release();
    writer.hear("held");
    assert!(!late_reader.has_said("held"));
    writer.release();
    late_reader.hear("held");
    late_reader.release();
}

#[test]
fn a_test_that_comes_after_one_that_wants_to_be_alone_stands_behind_it() {
    let state = State::new();
    let running = state.holding("plain");
    let mut alone = state.waiting("alone");
    let mut late = state.waiting("plain");
    assert!(!late.has_said("held"));
    running.release();
    alone.hear("held");
    assert!(!late.has_said("held"));
    alone.release();
    late.hear("held");
    late.release();
}

/// Other kernels serve the waiters for a file in an order of their own.
#[cfg(target_os = "linux")]
#[test]
fn processes_are_served_in_the_order_in_which_they_came() {
    for test in ["writer", "limited"] {
        let state = State::new();
        let mut holder = state.holding(test);
        let waiters: Vec<_> = (0..4).map(|_| state.waiting(test)).collect();
        for mut next in waiters {
            assert!(!next.has_said("held"));
            holder.release();
            next.hear("held");
            holder = next;
        }
        holder.release();
    }
}

#[test]
fn readers_behind_a_writer_all_wake() {
    let state = State::new();
    let writer = state.holding("writer");
    let mut readers: Vec<_> = (0..8).map(|_| state.waiting("reader")).collect();
    writer.release();
    // No reader is released before all of them hold the key.
    for reader in &mut readers {
        reader.hear("held");
    }
    readers.into_iter().for_each(Running::release);
}

#[test]
fn two_holders_of_two_keys_and_a_reader_of_one_do_not_deadlock() {
    let state = State::new();
    let first = state.holding("both");
    let mut second = state.waiting("both");
    let mut reader = state.waiting("reader_of_a");
    first.release();
    second.hear("held");
    second.release();
    reader.hear("held");
    reader.release();
}

#[test]
fn who_waits_says_for_what_and_behind_whom() {
    let state = State::new();
    for (holder, waiter, lock) in [
        ("writer", "reader", "shared \"key\""),
        ("reader", "writer", "serial \"key\""),
        ("limited", "limited", "limit \"key\" (1)"),
        ("plain", "alone", "alone"),
        ("alone", "plain", "an `alone` test to finish"),
    ] {
        let first = state.holding(holder);
        let mut second = state.inner(waiter).start();
        assert_eq!(
            without_numbers(&second.hear_error("waiting for")),
            format!(
                "isolated-test: locking::waiting::inner::{waiter}: waiting for {lock}, held by \
                 locking::waiting::inner::{holder} (pid {}, package isolated-test-tests, \
                 tests/tests/locking/waiting.rs:1) for 0s, asked for at tests/tests/locking/waiting.rs:1",
                first.id()
            )
        );
        first.release();
        second.hear("held");
        second.release();
    }
}

#[test]
fn a_guard_is_named_by_its_package_and_its_place() {
    let state = State::new();
    let guards = |package: &str| state.inner("guards").env("CARGO_PKG_NAME", package).start();
    let mut first = guards("shop");
    first.hear("held");
    let mut second = guards("");
    let line = second.hear_error("waiting for");
    let (_, line) = line.split_once(": waiting").unwrap();
    let (_, line) = line.split_once(", held by locking-").unwrap();
    let (_, line) = line.split_once(" (").unwrap();
    let place = format!("tests/tests/locking/waiting.rs:{}", inner::LINE);
    assert_eq!(
        without_digits(line, ") for ", "0"),
        format!(
            "pid {}, package shop, {place}) for 0s, asked for at {place}",
            first.id()
        )
    );
    first.release();
    second.hear("held");
    let mut third = guards("shop");
    let line = third.hear_error("waiting for serial \"key\" of \"shop\"");
    let holder = format!(" (pid {}, {place}) for ", second.id());
    assert!(line.contains(&holder), "{line}");
    second.release();
    third.hear("held");
    third.release();
}

#[test]
fn a_holder_that_does_not_change_is_not_waited_for_for_ever() {
    let state = State::new();
    let holder = state.holding("writer");
    let gave_up = state
        .inner("writer")
        .env("ISOLATED_LOCK_TIMEOUT", "300ms")
        .run()
        .failed();
    let line = gave_up
        .errors
        .lines()
        .find(|line| line.contains("failed to lock"));
    assert_eq!(
        without_numbers(line.unwrap_or(&gave_up.errors)),
        format!(
            "isolated-test: locking::waiting::inner::writer: failed to lock serial \"key\" within 300ms: \
             held by locking::waiting::inner::writer (pid {}, package isolated-test-tests, \
             tests/tests/locking/waiting.rs:1) for 0s",
            holder.id()
        )
    );
    // The waiter that gave up is out of the way.
    let mut next = state.waiting("writer");
    holder.release();
    next.hear("held");
    next.release();
}

#[test]
fn a_test_does_not_wait_for_ever_for_one_that_runs_alone() {
    let state = State::new();
    let holder = state.holding("alone");
    let plain = state.inner("plain").env("ISOLATED_LOCK_TIMEOUT", "300ms");
    let gave_up = plain.run().failed();
    let start = "isolated-test: locking::waiting::inner::plain: timed out after 300ms waiting for an \
                 `alone` test to finish: held by locking::waiting::inner::alone (pid ";
    assert!(gave_up.errors.contains(start), "{}", gave_up.errors);
    holder.release();
}

#[test]
fn a_test_that_expects_a_panic_does_not_pass_because_it_had_no_lock() {
    let state = State::new();
    let holder = state.holding("writer");
    let gave_up = state
        .inner("expects_a_panic")
        .env("ISOLATED_LOCK_TIMEOUT", "300ms")
        .run()
        .failed();
    assert!(
        gave_up
            .errors
            .contains("failed to lock serial \"key\" within 300ms"),
        "{}",
        gave_up.errors
    );
    holder.release();
    let _ = state.inner("expects_a_panic").run().passed();
}

#[test]
fn a_failed_test_tells_whom_it_waited_for() {
    let state = State::new();
    let holder = state.holding("writer");
    let waiter = state.waiting("fails");
    let pid = holder.id();
    holder.release();
    let failed = waiter.finish().failed();
    let behind =
        format!(" for serial \"key\" behind locking::waiting::inner::writer (pid {pid})\n");
    let line = failed
        .errors
        .lines()
        .find(|line| line.trim_start().starts_with("waited "));
    assert!(
        line.is_some_and(|line| format!("{line}\n").ends_with(&behind)),
        "{}",
        failed.errors
    );
}

#[isolated(seed)]
#[test]
fn a_thread_that_waits_lets_the_others_run(seed: u64) {
    // A lock that a thread of this process releases is free for the next thread.
    let key = Key::intern(&format!("waiting {seed}")).unwrap();
    let guard = key.lock().unwrap();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| drop(key.lock().unwrap()));
        drop(guard);
        waiter.join().unwrap();
    });
    drop(key.lock().unwrap());
}

#[test]
fn tools_see_who_holds_what() {
    let state = State::new();
    let mut both = state.holding("both");
    let guards = state.holding("guards");
    let mut seen = processes(state.path());
    seen.sort_by_key(|process| process.id != both.id());
    let locks: Vec<_> = seen
        .iter()
        .flat_map(|process| {
            let holders = process.holders.iter();
            holders.map(|holder| (process.id, holder.locks.join(", ")))
        })
        .collect();
    let of_both = "the lock of all tests, serial \"a\", serial \"b\"".to_owned();
    let of_guards = "serial \"key\" of \"shop\"".to_owned();
    assert_eq!(locks, [(both.id(), of_both), (guards.id(), of_guards)]);
    assert_eq!(seen[0].holders[0].name, "locking::waiting::inner::both");
    let place = &seen[1].holders[0].place;
    assert!(
        place.ends_with(&format!("waiting.rs:{}", inner::LINE)),
        "{place}"
    );
    both.kill();
    guards.release();
    assert!(processes(state.path()).is_empty());
}
