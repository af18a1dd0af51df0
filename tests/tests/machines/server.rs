//! The server of an outer test, and the inner tests that lock keys there.

use std::time::Duration;

use isolated_test_postgres::Database;
use isolated_test_tests::{Inner, State};
use postgres::{Client, NoTls};

pub(crate) mod inner {
    use isolated_test::{Key, current, isolated};
    use isolated_test_tests::gate::pass;
    use isolated_test_tests::say;

    const STAGING: Key = Key::across_machines("staging");

    /// Holds the lock until the outer test opens the gate.
    fn hold(gate: &str) {
        assert_eq!(current().fence(Key::new("staging")), None);
        say(&format!("held {}", current().fence(STAGING).unwrap()));
        pass(gate);
    }

    #[isolated(serial = STAGING)]
    #[test]
    #[ignore = "started by another test"]
    fn writes() {
        hold("writes");
    }

    #[isolated(shared = STAGING)]
    #[test]
    #[ignore = "started by another test"]
    fn reads() {
        hold("reads");
    }

    #[isolated(limit(STAGING, 2))]
    #[test]
    #[ignore = "started by another test"]
    fn is_one_of_two() {
        hold("is_one_of_two");
    }

    #[isolated(limit(STAGING, 3))]
    #[test]
    #[ignore = "started by another test"]
    fn is_one_of_three() {
        hold("is_one_of_three");
    }

    /// The key of this machine has the same name.
    #[isolated(serial = "staging")]
    #[test]
    #[ignore = "started by another test"]
    fn writes_here() {
        say("held");
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn locks_itself() {
        let guard = STAGING.lock().unwrap();
        say(&format!("held {}", guard.fence().unwrap()));
        pass("locks_itself");
        drop(guard);
        assert!(STAGING.try_lock_shared().unwrap().is_some());
        say("released");
        pass("locks_itself");
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn tries() {
        let tried = STAGING.try_lock().unwrap();
        say(if tried.is_some() { "free" } else { "taken" });
    }

    #[test]
    #[ignore = "started by another test"]
    fn locks_without_a_process() {
        panic!("{}", STAGING.lock().unwrap_err());
    }
}

/// Methods of outer tests for tests that use a server.
pub(crate) trait Machine {
    /// An inner test that keeps its locks across machines in this database.
    fn using(&self, database: &str, test: &str) -> Inner<'_>;
}

impl Machine for State {
    fn using(&self, database: &str, test: &str) -> Inner<'_> {
        self.inner(test)
            .env("ISOLATED_LOCKS", database)
            .env("ISOLATED_LOCK_TIMEOUT", "20s")
    }
}

/// Runs statements as an administrator.
pub(crate) fn ask(db: &Database, sql: &str) -> Vec<String> {
    let mut client = Client::connect(db.url(), NoTls).unwrap();
    let rows = client.query(sql, &[]).unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The processes of the server behind all locks of this kind in the database.
pub(crate) fn locks(db: &Database, kind: &str) -> Vec<String> {
    let sql = format!(
        "SELECT pid::text FROM pg_locks WHERE locktype = 'advisory' AND {kind} \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    );
    ask(db, &sql)
}

/// Waits until there is a lock of this kind.
pub(crate) fn wait_for(db: &Database, kind: &str) {
    while locks(db, kind).is_empty() {
        // Only the views of the server know.
        std::thread::sleep(Duration::from_millis(2));
    }
}
