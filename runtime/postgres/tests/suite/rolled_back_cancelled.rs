//! `transaction`: statements that are cancelled.

use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};
use postgres::error::SqlState;
use postgres::{Client, Config, NoTls};

use crate::rolled_back::connect;

/// Connects to the server itself.
fn observe(db: &Database, name: &str) -> Client {
    let server = Path::new(db.host()).with_file_name("socket");
    let mut observer = Config::new();
    observer.host_path(server).user(db.user()).dbname(name);
    observer.connect(NoTls).unwrap()
}

/// Cancels statements whenever the session of a test sleeps, until the thread has ended.
fn cancel_while_it_sleeps<T>(
    db: &Database,
    client: Client,
    run: fn(&mut Client) -> T,
) -> (Client, T)
where
    T: Send + 'static,
{
    let mut observer = observe(db, "postgres");
    let sleeps = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = $1)";
    let cancel = client.cancel_token();
    let running = std::thread::spawn(move || {
        let mut client = client;
        let result = run(&mut client);
        (client, result)
    });
    while !running.is_finished() {
        if observer.query_one(sleeps, &[&db.name()]).unwrap().get(0) {
            cancel.cancel_query(NoTls).unwrap();
        }
    }
    running.join().unwrap()
}

#[isolated(db = Postgres::empty().seed("tests/seed_slow.sql").transaction())]
#[test]
fn statements_can_be_cancelled_and_commits_cannot(db: &Database) {
    let (mut client, slept) = cancel_while_it_sleeps(db, connect(db), |client| {
        client.batch_execute("SELECT pg_sleep(60)")
    });
    assert_eq!(slept.unwrap_err().code(), Some(&SqlState::QUERY_CANCELED));
    // One that is still on its way may end this.
    while client
        .batch_execute("BEGIN; INSERT INTO slow VALUES (1)")
        .is_err()
    {
        client.batch_execute("ROLLBACK").unwrap();
    }
    // It moves the savepoint, without which nothing can be rolled back.
    let (mut client, committed) =
        cancel_while_it_sleeps(db, client, |client| client.batch_execute("COMMIT"));
    committed.unwrap();
    client
        .batch_execute("BEGIN; DELETE FROM slow; ROLLBACK")
        .unwrap();
    assert_eq!(client.query("SELECT FROM slow", &[]).unwrap().len(), 1);
}

#[isolated(db = Postgres::empty().transaction())]
#[test]
fn a_client_cancels_nothing_of_another(db: &Database) {
    const LOCK: &str = "SELECT pg_advisory_lock(1)";

    let mut observer = observe(db, db.name());
    observer.batch_execute(LOCK).unwrap();
    let (mut one, other) = (connect(db), connect(db));
    let waiting = std::thread::spawn(move || one.batch_execute(LOCK));
    let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)";
    while !observer.query_one(waits, &[]).unwrap().get::<_, bool>(0) {}
    other.cancel_token().cancel_query(NoTls).unwrap();
    // A client that is gone before it is greeted.
    let path = format!("{}/.s.PGSQL.{}", db.host(), db.port());
    let mut gone = UnixStream::connect(path).unwrap();
    gone.shutdown(Shutdown::Read).unwrap();
    gone.write_all(b"\0\0\0\x10\0\x03\0\0user\0x\0\0").unwrap();
    while gone.write_all(b"d\0\0\0\x04").is_ok() {}
    observer
        .batch_execute("SELECT pg_advisory_unlock(1)")
        .unwrap();
    waiting.join().unwrap().unwrap();
}
