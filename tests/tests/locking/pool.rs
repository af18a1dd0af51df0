//! `pool` between processes and threads: two tests never have the same item, whatever
//! their lists, and a process that dies frees its item.

use std::fs;

use isolated_test_core::inspect::processes;
use isolated_test_tests::{Running, State, without_digits};

mod inner {
    use std::collections::BTreeSet;
    use std::fs::{self, File};
    use std::path::Path;
    use std::sync::{Barrier, Mutex};
    use std::thread;

    use isolated_test::isolated;
    use isolated_test_tests::{hold, say};

    fn hold_item(item: &str) {
        say(&format!("item {item}"));
        hold();
    }

    #[isolated(device = pool("key", ["a", "b", "c"]))]
    #[test]
    #[ignore = "started by another test"]
    fn three(device: &str) {
        hold_item(device);
    }

    #[isolated(device = pool("key", ["a", "b"]))]
    #[test]
    #[ignore = "started by another test"]
    fn two(device: &str) {
        hold_item(device);
    }

    const REVERSED: &[&str] = &["b", "a"];

    #[isolated(device = pool("key", REVERSED))]
    #[test]
    #[ignore = "started by another test"]
    fn reversed(device: &str) {
        hold_item(device);
    }

    #[isolated(device = pool("key", ["a"]))]
    #[test]
    #[ignore = "started by another test"]
    fn one(device: &str) {
        hold_item(device);
    }

    #[isolated(device = pool("key", ["0123456789012345678901234567890123456789 and more"]))]
    #[test]
    #[ignore = "started by another test"]
    fn long(device: &str) {
        hold_item(device);
    }

    #[isolated(limit("key", 3))]
    #[test]
    #[ignore = "started by another test"]
    fn limit() {
        hold();
    }

    #[isolated(serial = "key")]
    #[test]
    #[ignore = "started by another test"]
    fn serial() {
        hold();
    }

    #[isolated(alone, device = pool("key", ["a"]))]
    #[test]
    #[ignore = "started by another test"]
    fn alone(device: &str) {
        hold_item(device);
    }

    const TWICE: &[&str] = &["a", "b", "a"];

    #[isolated(device = pool("key", TWICE))]
    #[test]
    #[ignore = "started by another test"]
    fn twice(device: &str) {
        hold_item(device);
    }

    #[isolated(device = pool("key", ["a", "b"]))]
    #[test]
    #[ignore = "started by another test"]
    fn fails(device: &str) {
        panic!("{device} is broken");
    }

    static BOTH: Barrier = Barrier::new(2);
    static SEEN: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

    #[isolated(device = pool("key", ["a", "b"]), test_attribute = "called by a test")]
    fn meets_another(device: &'static str) {
        BOTH.wait();
        assert!(SEEN.lock().unwrap().insert(device), "both have {device}");
    }

    #[test]
    #[ignore = "started by another test"]
    fn two_threads_meet() {
        thread::scope(|scope| {
            let threads = [scope.spawn(meets_another), scope.spawn(meets_another)];
            for thread in threads {
                thread.join().unwrap();
            }
        });
        assert_eq!(*SEEN.lock().unwrap(), BTreeSet::from(["a", "b"]));
    }

    #[isolated(device = pool("key", ["a", "b", "c"]), test_attribute = "called by a test")]
    fn uses(device: &str) {
        let state = std::env::var_os("ISOLATED_DIR").unwrap();
        let path = Path::new(&state).join("scratch").join(device);
        File::create_new(&path).expect("no other test has the item");
        thread::yield_now();
        fs::remove_file(path).unwrap();
    }

    #[test]
    #[ignore = "started by another test"]
    fn uses_often() {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..25).for_each(|_| uses()));
            }
        });
    }
}

/// Starts an inner test, and waits for its item.
#[track_caller]
fn having(state: &State, test: &str) -> (Running, String) {
    let mut running = state.inner(test).start();
    let item = running.hear("item");
    running.hear("held");
    (running, item)
}

/// Checks that a test waits until the holder has released its lock. Returns the next holder.
#[track_caller]
fn hand_over(holder: Running, mut next: Running) -> Running {
    assert!(!next.has_said("held"), "both hold it");
    holder.release();
    next.hear("held");
    next
}

#[test]
fn each_test_has_a_different_item_and_the_next_one_gets_the_first_that_is_free() {
    let state = State::new();
    let mut holders: Vec<_> = (0..3).map(|_| having(&state, "three")).collect();
    let items: Vec<&str> = holders.iter().map(|(_, item)| &**item).collect();
    assert_eq!(items, ["a", "b", "c"]);
    let mut next = state.inner("three").start();
    let line = next.hear_error("waiting for");
    let line = without_digits(&line, ".rs:", "1");
    let (_, held) = line.split_once(": waiting for ").unwrap();
    let expected = |holder: &Running, item: &str| {
        format!(
            "locking::pool::inner::three (pid {}, package isolated-test-tests, \
             tests/tests/locking/pool.rs:1) with \"{item}\" for ",
            holder.id()
        )
    };
    let expected = format!(
        "pool \"key\" (3 items), held by {}",
        expected(&holders[0].0, "a")
    );
    assert!(held.starts_with(&expected), "{held}");
    assert!(!next.has_said("held"));
    holders.remove(1).0.release();
    assert_eq!(next.hear("item"), "b");
    next.release();
    for (holder, _) in holders {
        holder.release();
    }
}

#[test]
fn the_item_of_a_killed_test_is_free() {
    let state = State::new();
    let mut first = having(&state, "two").0;
    let mut second = having(&state, "two").0;
    let mut next = state.waiting("two");
    second.kill();
    assert_eq!(next.hear("item"), "b");
    first.kill();
    let (last, item) = having(&state, "two");
    assert_eq!(item, "a");
    last.release();
    next.release();
}

#[test]
fn the_order_of_the_list_does_not_matter() {
    for (one, other) in [("two", "reversed"), ("reversed", "two")] {
        let state = State::new();
        let (first, item) = having(&state, one);
        assert_eq!(item, "a");
        let (second, item) = having(&state, other);
        assert_eq!(item, "b");
        let mut next = state.waiting(one);
        assert!(!next.has_said("held"), "three have two items");
        first.release();
        assert_eq!(next.hear("item"), "a");
        next.release();
        second.release();
    }
}

#[test]
fn tests_that_list_other_items_are_refused_while_the_pool_is_in_use() {
    for (first, second, message) in [
        (
            "three",
            "two",
            "failed to lock pool \"key\" (2 items) with the items \"a\", \"b\", because others hold it with \
             the items \"a\", \"b\", \"c\" at this moment; write the same items everywhere\n",
        ),
        (
            "limit",
            "three",
            "failed to lock pool \"key\" (3 items) with the items \"a\", \"b\", \"c\", because others hold it \
             with a limit of 3 at this moment; write the same items everywhere\n",
        ),
        (
            "three",
            "limit",
            "failed to lock limit \"key\" (3), because others hold it with the items \"a\", \"b\", \"c\" at \
             this moment; write the same limit everywhere\n",
        ),
    ] {
        let state = State::new();
        let holder = state.holding(first);
        let refused = state.inner(second).run().failed();
        assert!(refused.errors.contains(message), "{}", refused.errors);
        holder.release();
        // The key has no holder any longer, so the terms may change.
        state.holding(second).release();
        state.holding(first).release();
    }
}

#[test]
fn a_constant_list_with_an_item_twice_is_refused() {
    let state = State::new();
    let refused = state.inner("twice").run().failed();
    let message = "failed to lock pool \"key\" (3 items), because two tests could have the item \"a\", \
                   which is listed twice; remove one\n";
    assert!(refused.errors.contains(message), "{}", refused.errors);
}

/// Other kernels serve the waiters for a file in another order.
#[cfg(target_os = "linux")]
#[test]
fn tests_are_served_in_the_order_of_their_arrival() {
    let state = State::new();
    let mut holder = having(&state, "one").0;
    let waiters: Vec<_> = (0..4).map(|_| state.waiting("one")).collect();
    for next in waiters {
        holder = hand_over(holder, next);
    }
    holder.release();
}

#[test]
fn an_exclusive_holder_of_the_key_excludes_all_items() {
    for (first, second) in [("serial", "three"), ("three", "serial"), ("alone", "two")] {
        let state = State::new();
        let holder = state.holding(first);
        hand_over(holder, state.waiting(second)).release();
    }
}

#[test]
fn deleted_files_do_not_give_an_item_to_two_tests() {
    let state = State::new();
    let first = having(&state, "two").0;
    let second = having(&state, "two").0;
    for file in state.locks() {
        fs::remove_file(file).unwrap();
    }
    let next = state.waiting("reversed");
    first.release();
    // Nothing in the new files shows that the second test still has an item.
    hand_over(second, next).release();
}

#[test]
fn a_failed_test_names_its_item() {
    let state = State::new();
    let holder = having(&state, "two").0;
    let failed = state.inner("fails").run().failed();
    let line = "\n    pool       device = \"b\"\n";
    assert!(failed.errors.contains(line), "{}", failed.errors);
    holder.release();
}

/// The record of a process has little room, so it names only the beginning of a long item.
#[test]
fn tools_see_the_items_of_tests() {
    let state = State::new();
    for (test, item) in [
        ("two", "a"),
        ("long", "0123456789012345678901234567890123456789"),
    ] {
        let holder = having(&state, test).0;
        let locks = processes(state.path()).remove(0).holders.remove(0).locks;
        let pool = format!("pool \"key\" with {item:?}");
        assert_eq!(locks, ["the lock of all tests", &*pool]);
        holder.release();
    }
}

#[test]
fn a_trace_names_the_item() {
    let state = State::new();
    let dir = state.scratch();
    let mut test = state.inner("two").env("ISOLATED_TRACE", &dir).start();
    test.hear("held");
    let trace = fs::read_dir(&dir).unwrap().next().unwrap().unwrap();
    let lines = fs::read_to_string(trace.path()).unwrap();
    let held = "\"want\":\"pool key\",\"limit\":2,\"item\":\"a\"}";
    assert!(lines.contains(held), "{lines}");
    test.release();
}

#[test]
fn threads_of_a_process_have_different_items() {
    let _ = State::new().inner("two_threads_meet").run().passed();
}

#[test]
fn threads_of_several_processes_never_share_an_item() {
    let state = State::new();
    let _ = state.scratch();
    let processes: Vec<_> = (0..3).map(|_| state.inner("uses_often").start()).collect();
    for process in processes {
        let _ = process.finish().passed();
    }
}
