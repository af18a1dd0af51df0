//! Templates: when one is built, and which.

use std::fs;
use std::path::{Path, PathBuf};

use isolated_test_tests::State;

use crate::asking::{ask, tables};

mod inner {
    use std::fs::File;
    use std::io::Write;

    use isolated_test::isolated;
    use isolated_test_sqlite::{Database, Sqlite};
    use isolated_test_tests::{hold, say};
    use rusqlite::Connection;

    /// Notes each call in a file.
    fn prepare(db: &Database) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let log = std::env::var("BUILDS")?;
        writeln!(
            File::options().append(true).create(true).open(log)?,
            "built"
        )?;
        // Many rows, so that a half of them could be seen.
        Connection::open(db)?.execute_batch(
            "CREATE TABLE many AS
             WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
             SELECT i FROM n",
        )?;
        Ok(())
    }

    #[isolated(db = Sqlite::prepared("many", 1, prepare))]
    #[test]
    #[ignore = "started by another test"]
    fn uses(db: &Database) {
        let rows = crate::asking::ask(db, "SELECT cast(count(*) AS text) FROM many");
        assert_eq!(rows, "10000");
    }

    /// Leaves its connection open, as a pool with a task of its own may do, so that the row is in the log.
    fn leave_open(db: &Database) -> rusqlite::Result<()> {
        let connection = Connection::open(db)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.execute_batch("CREATE TABLE logged (id int); INSERT INTO logged VALUES (7);")?;
        std::mem::forget(connection);
        Ok(())
    }

    #[isolated(db = Sqlite::prepared("open", 1, leave_open).seed(std::env::var("SEED").unwrap()))]
    #[test]
    #[ignore = "started by another test"]
    fn uses_what_was_left_open(db: &Database) {
        let ids = crate::asking::ask(db, "SELECT group_concat(id) FROM logged");
        assert_eq!(ids, "7,8");
        assert_eq!(crate::asking::ask(db, "PRAGMA journal_mode"), "wal");
    }

    #[isolated(db = Sqlite::migrations(std::env::var("MIGRATIONS").unwrap()))]
    #[test]
    #[ignore = "started by another test"]
    fn migrates(db: &Database) {
        say(&format!("path {}", db.path().display()));
        hold();
    }
}

/// The templates of a user with this directory of caches.
pub(crate) fn templates(caches: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(caches.join("isolated-test/sqlite"));
    let found = found.into_iter().flatten();
    found.map(|entry| entry.unwrap().path()).collect()
}

fn builds(log: &Path) -> usize {
    fs::read_to_string(log).unwrap_or_default().lines().count()
}

#[test]
fn many_tests_at_once_build_a_template_once() {
    let state = State::new();
    let (caches, log) = (state.scratch(), state.scratch().join("builds"));
    let user = || {
        let user = state.inner("uses").env("XDG_CACHE_HOME", &caches);
        user.env("BUILDS", &log)
    };
    let running: Vec<_> = (0..8).map(|_| user().start()).collect();
    for one in running {
        one.finish().passed();
    }
    assert_eq!(builds(&log), 1);
    assert_eq!(templates(&caches).len(), 1);
    // Another state directory, as in another container, has no lock with these.
    let other = State::new();
    let inner = other.inner("uses").env("XDG_CACHE_HOME", &caches);
    inner.env("BUILDS", &log).run().passed();
    assert_eq!(builds(&log), 1, "the template is kept");
}

#[test]
fn without_a_cache_each_test_builds() {
    let state = State::new();
    let log = state.scratch().join("builds");
    for expected in [1, 2] {
        let user = state.inner("uses").env("BUILDS", &log);
        let user = user.env("XDG_CACHE_HOME", "").env("HOME", "");
        user.run().passed();
        assert_eq!(builds(&log), expected);
    }
}

#[test]
fn changed_migrations_are_noticed_and_others_are_not_run_again() {
    let state = State::new();
    let (caches, dir) = (state.scratch(), state.scratch().join("migrations"));
    fs::create_dir(&dir).unwrap();
    let migrated = || {
        let user = state.inner("migrates").env("XDG_CACHE_HOME", &caches);
        let mut user = user.env("MIGRATIONS", &dir).start();
        let tables = tables(user.hear("path"));
        user.tell("release");
        user.finish().passed();
        tables
    };
    fs::write(dir.join("1.sql"), "CREATE TABLE a (id int)").unwrap();
    assert_eq!(migrated(), "a");
    assert_eq!(migrated(), "a");
    assert_eq!(templates(&caches).len(), 1);
    fs::write(dir.join("2.sql"), "CREATE TABLE b (id int)").unwrap();
    assert_eq!(migrated(), "a,b");
    assert_eq!(templates(&caches).len(), 2);
    fs::remove_file(dir.join("2.sql")).unwrap();
    // The first one is still there. A mark in it shows that it was not built again.
    for template in templates(&caches) {
        let marked = rusqlite::Connection::open(template).unwrap();
        marked.execute_batch("CREATE TABLE mark (id int)").unwrap();
    }
    assert_eq!(migrated(), "a,mark");
}

#[test]
fn a_connection_that_is_left_open_loses_nothing() {
    let state = State::new();
    let seed = state.scratch().join("seed.sql");
    fs::write(&seed, "INSERT INTO logged VALUES (8);").unwrap();
    for _ in ["built", "copied"] {
        let user = state.inner("uses_what_was_left_open").env("SEED", &seed);
        user.env("XDG_CACHE_HOME", state.scratch()).run().passed();
    }
    assert_eq!(templates(&state.scratch()).len(), 1);
}

#[test]
fn a_migration_may_choose_wal_mode() {
    let state = State::new();
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/migrations");
    for _ in ["built", "copied"] {
        let user = state.inner("migrates").env("MIGRATIONS", &migrations);
        let mut user = user.env("XDG_CACHE_HOME", state.scratch()).start();
        let path = user.hear("path");
        assert_eq!(ask(&path, "PRAGMA journal_mode"), "wal");
        assert_eq!(tables(&path), "customers,orders");
        user.release();
    }
}
