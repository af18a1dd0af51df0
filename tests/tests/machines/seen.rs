//! Messages about keys across machines.

use isolated_test::{Namespace, isolated};
use isolated_test_postgres::{Database, Postgres};
use isolated_test_tests::State;

use crate::server::{Machine, ask};

#[isolated(db = Postgres::empty())]
#[test]
fn a_wait_names_the_holder_and_its_machine(db: &Database) {
    let (one, other) = (State::new(), State::new());
    let _gate = one.gate("writes");
    let mut holder = one.using(db.url(), "writes").start();
    holder.hear("held");
    let host = ask(
        db,
        "SELECT split_part(application_name, ' ', 2) FROM pg_stat_activity \
                        WHERE application_name LIKE 'isolated-test %' AND datname = current_database()",
    )
    .remove(0);
    let run = other
        .using(db.url(), "writes")
        .env("ISOLATED_LOCK_TIMEOUT", "300ms")
        .run()
        .failed();
    let held_by = format!(
        "held by machines::server::inner::writes (pid {}, machine {host}, package isolated-test-tests, \
         tests/tests/machines/server.rs:",
        holder.id()
    );
    let line = run
        .errors
        .lines()
        .find(|line| line.contains("waiting for"))
        .unwrap();
    assert!(line.contains(&held_by), "{line}");
    let complaint = other.complaint(&run);
    let last = run
        .errors
        .lines()
        .find(|line| line.contains("failed to lock"))
        .unwrap();
    assert!(
        last.contains("failed to lock serial \"staging\" across machines within 300ms: "),
        "{complaint}\n{last}"
    );
    assert!(last.contains(&held_by), "{last}");
    holder.kill();
}

/// The other role sees nothing of this one, and may do nothing but connect.
#[isolated(db = Postgres::empty(), namespace)]
#[test]
fn another_role_is_named(db: &Database, namespace: &Namespace) {
    let role = format!("{namespace}");
    ask(db, &format!("CREATE ROLE {role} LOGIN"));
    ask(db, &format!("ALTER ROLE {role} SET search_path = none"));
    ask(db, &format!("ALTER ROLE {role} SET lock_timeout = 1"));
    ask(
        db,
        &format!("ALTER ROLE {role} SET default_transaction_read_only = on"),
    );
    ask(
        db,
        &format!("REVOKE ALL ON DATABASE {} FROM public", db.name()),
    );
    ask(
        db,
        &format!("GRANT CONNECT ON DATABASE {} TO {role}", db.name()),
    );
    let low = db.url().replace("postgres@", &format!("{role}@"));
    assert_ne!(low, db.url());
    let (one, other) = (State::new(), State::new());
    let (_writing, mut limited) = (one.gate("writes"), other.gate("is_one_of_two"));
    let mut holder = one.using(db.url(), "writes").start();
    holder.hear("held");
    let mut waiter = other.using(&low, "is_one_of_two").start();
    let line = waiter.hear_error("waiting for");
    assert!(
        line.contains("held by another role (`postgres`, session "),
        "{line}"
    );
    holder.kill();
    waiter.hear("held");
    limited.open();
    let _ = waiter.finish().passed();
    ask(db, &format!("DROP OWNED BY {role}"));
    ask(db, &format!("DROP ROLE {role}"));
}
