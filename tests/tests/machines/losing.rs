//! A lock that is lost is not held.

use std::path::Path;
use std::time::{Duration, Instant};

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};
use isolated_test_tests::State;
use isolated_test_tests::relay::Relay;

use crate::server::{Machine, ask, locks};

/// Ends the session that holds the lock.
#[track_caller]
fn terminate(db: &Database) {
    let [holder] = &locks(db, "granted")[..] else {
        panic!("expected one lock");
    };
    assert_eq!(
        ask(db, &format!("SELECT pg_terminate_backend({holder})::text")),
        ["true"]
    );
}

/// How soon a test has to end after its lock is lost.
const SOON: Duration = Duration::from_secs(2);

#[track_caller]
fn ends_soon(db: &Database, test: &str) {
    let machine = State::new();
    let _gate = machine.gate(test);
    let mut holder = machine.using(db.url(), test).start();
    holder.hear("held");
    let lost = Instant::now();
    terminate(db);
    let run = holder.finish().failed();
    assert!(lost.elapsed() < SOON, "{:?}", lost.elapsed());
    let complaint = machine.complaint(&run);
    assert!(
        complaint.ends_with(&format!(
            "server::inner::{test}: lost serial \"staging\" across machines while the test ran: terminating \
             connection due to administrator command"
        )),
        "{}",
        run.errors
    );
    assert_eq!(machine.processes(), []);
}

#[isolated(db = Postgres::empty())]
#[test]
fn a_test_whose_lock_is_lost_is_ended(db: &Database) {
    ends_soon(db, "writes");
}

#[isolated(db = Postgres::empty())]
#[test]
fn a_test_whose_guard_is_lost_is_ended(db: &Database) {
    ends_soon(db, "locks_itself");
}

/// Nobody has noticed the loss when the body ends.
#[isolated(db = Postgres::empty())]
#[test]
fn a_pass_counts_only_if_the_lock_was_held_to_the_end(db: &Database) {
    let machine = State::new();
    let mut gate = machine.gate("writes");
    let relay = Relay::start(Path::new(db.host()).join(format!(".s.PGSQL.{}", db.port())));
    let url = format!(
        "postgres://{}@127.0.0.1:{}/{}",
        db.user(),
        relay.port(),
        db.name()
    );
    let mut holder = machine.using(&url, "writes").start();
    holder.hear("held");
    relay.mute();
    terminate(db);
    gate.open();
    let run = holder.finish().failed();
    let why = "lost serial \"staging\" across machines while the test ran: the server has closed the connection";
    assert!(machine.complaint(&run).ends_with(why), "{}", run.errors);
}
