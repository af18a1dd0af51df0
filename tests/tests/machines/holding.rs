//! The tests that may hold a key at the same time.

use std::time::{Duration, Instant};

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};
use isolated_test_tests::State;
use isolated_test_tests::gate::Gate;

use crate::server::{Machine, locks, wait_for};

mod inner {
    use isolated_test::{Key, isolated};
    use isolated_test_tests::say;

    #[isolated(serial = [Key::across_machines("a"), Key::across_machines("staging")])]
    #[test]
    #[ignore = "started by another test"]
    fn writes_to_two() {
        say("held");
    }
}

fn machines() -> [State; 2] {
    [State::new(), State::new()]
}

fn gates(machines: &[State; 2], name: &str) -> [Gate; 2] {
    [machines[0].gate(name), machines[1].gate(name)]
}

#[isolated(db = Postgres::empty())]
#[test]
fn one_machine_waits_for_another(db: &Database) {
    let both = machines();
    let mut gates = gates(&both, "writes");
    let mut one = both[0].using(db.url(), "writes").start();
    let first: u64 = one.hear("held").parse().unwrap();
    let mut other = both[1].using(db.url(), "writes").start();
    other.hear_error("waiting for serial \"staging\" across machines, held by");
    assert!(!other.has_said("held"));
    // A key of one machine is another lock.
    let _ = both[1].using(db.url(), "writes_here").run().passed();
    gates[0].open();
    let _ = one.finish().passed();
    let second: u64 = other.hear("held").parse().unwrap();
    assert!(second > first, "{second} {first}");
    gates[1].open();
    let _ = other.finish().passed();
}

/// The server runs nothing for a session whose last statement still waits for a lock.
#[isolated(db = Postgres::empty())]
#[test]
fn giving_up_a_key_releases_the_others_at_once(db: &Database) {
    const SOON: Duration = Duration::from_secs(5);

    let [one, other] = machines();
    let _gate = one.gate("writes");
    let mut holder = one.using(db.url(), "writes").start();
    holder.hear("held");
    let began = Instant::now();
    let run = other
        .inner("writes_to_two")
        .env("ISOLATED_LOCKS", db.url())
        .env("ISOLATED_LOCK_TIMEOUT", "300ms")
        .run()
        .failed();
    let ended = began.elapsed();
    assert!(
        run.errors
            .contains("failed to lock serial \"staging\" across machines within 300ms: "),
        "{}",
        run.errors
    );
    assert!(ended < SOON, "{ended:?}");
    while locks(db, "true").len() > 1 {
        std::thread::yield_now();
    }
    holder.kill();
}

#[isolated(db = Postgres::empty())]
#[test]
fn readers_share_and_starve_no_writer(db: &Database) {
    let both = machines();
    let mut reading = gates(&both, "reads");
    let mut writing = gates(&both, "writes");
    let [mut one, mut other] = [0, 1].map(|machine| both[machine].using(db.url(), "reads").start());
    one.hear("held");
    other.hear("held");
    let mut writer = both[0].using(db.url(), "writes").start();
    wait_for(db, "NOT granted AND mode = 'ExclusiveLock'");
    // This one came later, so it is behind the writer.
    let mut late = both[1].using(db.url(), "reads").start();
    late.hear_error("waiting for shared \"staging\" across machines, held by");
    reading[0].open();
    reading[1].open();
    let _ = (one.finish().passed(), other.finish().passed());
    writer.hear("held");
    assert!(!late.has_said("held"));
    writing[0].open();
    let _ = writer.finish().passed();
    late.hear("held");
    reading[1].open();
    let _ = late.finish().passed();
}

#[isolated(db = Postgres::empty())]
#[test]
fn a_limit_counts_all_machines(db: &Database) {
    let both = machines();
    let mut gates = gates(&both, "is_one_of_two");
    let [mut one, mut other] =
        [0, 1].map(|machine| both[machine].using(db.url(), "is_one_of_two").start());
    one.hear("held");
    other.hear("held");
    let mut third = both[0].using(db.url(), "is_one_of_two").start();
    let line = third.hear_error("waiting for limit \"staging\" across machines (2), held by");
    assert!(line.contains("server::inner::is_one_of_two"), "{line}");
    assert!(line.contains(" and "), "{line}");
    assert!(!third.has_said("held"));
    gates[1].open();
    let _ = other.finish().passed();
    third.hear("held");

    // A writer waits for both, and another limit is refused meanwhile.
    let _three = both[1].gate("is_one_of_three");
    let refused = both[1].using(db.url(), "is_one_of_three").run().failed();
    let complaint = both[1].complaint(&refused);
    assert!(
        complaint.ends_with(
            "failed to lock limit \"staging\" across machines (3), because others hold it with a limit of 2 at \
             this moment; write the same limit everywhere"
        ),
        "{complaint}"
    );
    let _writing = both[1].gate("writes");
    let mut writer = both[1].using(db.url(), "writes").start();
    wait_for(db, "NOT granted AND mode = 'ExclusiveLock'");
    gates[0].open();
    let _ = one.finish().passed();
    assert!(!writer.has_said("held"));
    gates[0].open();
    let _ = third.finish().passed();
    writer.hear("held");
    writer.kill();
}

/// Those behind the first one are not in the queue that the writer joins.
#[isolated(db = Postgres::empty())]
#[test]
fn a_writer_overtakes_all_but_the_first_that_wait_for_a_place(db: &Database) {
    const WAITS: &str = "NOT granted AND mode = 'ExclusiveLock'";

    let machines = [(); 4].map(|()| State::new());
    let mut gates = [0, 1, 2, 3].map(|machine| machines[machine].gate("is_one_of_two"));
    let start = |machine: usize| machines[machine].using(db.url(), "is_one_of_two").start();
    let (mut one, mut other) = (start(0), start(1));
    one.hear("held");
    other.hear("held");
    let mut first = start(2);
    first.hear_error("waiting for limit");
    let mut second = start(3);
    wait_for(db, WAITS);
    let mut writing = machines[0].gate("writes");
    let mut writer = machines[0].using(db.url(), "writes").start();
    while locks(db, WAITS).len() < 2 {
        std::thread::yield_now();
    }
    gates[0].open();
    let _ = one.finish().passed();
    first.hear("held");
    gates[1].open();
    gates[2].open();
    let _ = (other.finish().passed(), first.finish().passed());
    writer.hear("held");
    assert!(!second.has_said("held"));
    writing.open();
    let _ = writer.finish().passed();
    second.hear("held");
    gates[3].open();
    let _ = second.finish().passed();
}

#[isolated(db = Postgres::empty())]
#[test]
fn a_killed_test_holds_nothing(db: &Database) {
    let both = machines();
    let _gates = (gates(&both, "writes"), gates(&both, "reads"));
    let mut holder = both[0].using(db.url(), "reads").start();
    holder.hear("held");
    let mut waiter = both[0].using(db.url(), "writes").start();
    wait_for(db, "NOT granted AND mode = 'ExclusiveLock'");
    let mut next = both[1].using(db.url(), "reads").start();
    next.hear_error("waiting for");
    // A waiter that is dead is not in the way of those behind it, although the holder lives.
    waiter.kill();
    next.hear("held");
    let mut writer = both[1].using(db.url(), "writes").start();
    wait_for(db, "NOT granted AND mode = 'ExclusiveLock'");
    holder.kill();
    next.kill();
    writer.hear("held");
    writer.kill();
    while !both.iter().all(|state| state.processes().is_empty()) {
        std::thread::yield_now();
    }
    while !locks(db, "true").is_empty() {
        std::thread::yield_now();
    }
}

/// The supervisor has the socket of the session too, so the server does not see its end before the supervisor
/// has ended the test.
#[cfg(target_os = "linux")]
#[isolated(db = Postgres::empty())]
#[test]
fn a_lock_outlasts_the_parent_of_the_test(db: &Database) {
    let both = machines();
    let _gates = gates(&both, "writes");
    let mut holder = both[0].using(db.url(), "writes").start();
    holder.hear("held");
    let parent = holder.id().to_string();
    let threads = std::fs::read_dir(format!("/proc/{parent}/task"))
        .unwrap()
        .flatten();
    let lists =
        threads.map(|thread| std::fs::read_to_string(thread.path().join("children")).unwrap());
    let supervisor = lists.collect::<String>().trim().to_owned();
    let sockets = |process: &str| {
        let files = std::fs::read_dir(format!("/proc/{process}/fd"))
            .unwrap()
            .flatten();
        let files = files.filter_map(|file| std::fs::read_link(file.path()).ok());
        files
            .filter(|file| file.to_string_lossy().starts_with("socket:"))
            .collect::<Vec<_>>()
    };
    let of_parent = sockets(&parent);
    let shared = sockets(&supervisor)
        .into_iter()
        .filter(|socket| of_parent.contains(socket));
    assert_eq!(shared.count(), 1);
    holder.kill();
}

#[isolated(db = Postgres::empty())]
#[test]
fn a_guard_holds_the_key_in_a_test_with_a_process(db: &Database) {
    let both = machines();
    let mut gate = both[0].gate("locks_itself");
    let _reading = both[1].gate("reads");
    let try_it = |expected| {
        let mut tries = both[1].using(db.url(), "tries").start();
        tries.hear(expected);
        let _ = tries.finish().passed();
    };
    let mut holder = both[0].using(db.url(), "locks_itself").start();
    holder.hear("held");
    try_it("taken");
    let mut reader = both[1].using(db.url(), "reads").start();
    wait_for(db, "NOT granted");
    gate.open();
    holder.hear("released");
    reader.hear("held");
    try_it("taken");
    reader.kill();
    gate.open();
    let _ = holder.finish().passed();
    try_it("free");
}
