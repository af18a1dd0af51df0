//! Locks across machines that cannot be kept are refused.

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};
use isolated_test_tests::{Inner, State};

use crate::server::Machine;

#[track_caller]
fn is_refused(change: impl FnOnce(Inner<'_>) -> Inner<'_>, why: &str) {
    let machine = State::new();
    let _gate = machine.gate("writes");
    let run = change(machine.using("", "writes")).run().failed();
    let complaint = machine.complaint(&run);
    let expected =
        format!("server::inner::writes: failed to lock serial \"staging\" across machines{why}");
    assert!(complaint.contains(&expected), "{complaint}\n{expected}");
}

#[test]
fn without_the_variable() {
    is_refused(
        |inner| inner,
        ", because the variable `ISOLATED_LOCKS` is not set; set it to the URL of a PostgreSQL database that all \
         machines reach",
    );
}

#[test]
fn without_a_server() {
    is_refused(
        |inner| inner.env("ISOLATED_LOCKS", "postgres://me:secret@127.0.0.1:1/locks"),
        " in the database `locks` on 127.0.0.1:1: Connection refused",
    );
    is_refused(
        |inner| inner.env("ISOLATED_LOCKS", "mysql://me:secret@host/locks"),
        ", because the variable `ISOLATED_LOCKS` names no database: it does not begin with `postgres://`",
    );
}

#[isolated(db = Postgres::empty())]
#[test]
fn without_a_process(db: &Database) {
    is_refused(
        |inner| {
            inner
                .env("ISOLATED_LOCKS", db.url())
                .env("ISOLATED_PROCESS", "off")
        },
        ", because the test runs in place, and could not be ended if that lock were lost; unset `ISOLATED_PROCESS`, \
         and in a function that another test or attribute calls, name the key where the test begins",
    );
    let machine = State::new();
    let run = machine
        .using(db.url(), "locks_without_a_process")
        .run()
        .failed();
    assert!(
        run.errors.contains(
            "failed to lock serial \"staging\" across machines, because this process could not be ended if that \
             lock were lost; name the key in the attribute of a test, or lock it in the body of a test with `process`"
        ),
        "{}",
        run.errors
    );
}
