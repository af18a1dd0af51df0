//! Databases of failed tests, and failures of tests that get no database.

use std::fs;
use std::path::Path;

use isolated_test_tests::State;

use crate::asking::ask;
use crate::templates::templates;

mod inner {
    use isolated_test::{Outcome, Resource, current, isolated};
    use isolated_test_sqlite::{Database, Sqlite};
    use isolated_test_tests::say;
    use rusqlite::Connection;

    #[isolated(db = Sqlite::empty())]
    #[test]
    #[ignore = "started by another test"]
    fn fails(db: &Database) {
        leave_evidence(db);
    }

    #[isolated(process, db = Sqlite::empty())]
    #[test]
    #[ignore = "started by another test"]
    fn fails_in_a_subprocess(db: &Database) {
        leave_evidence(db);
    }

    fn leave_evidence(db: &Database) {
        let connection = Connection::open(db).unwrap();
        let evidence = "PRAGMA journal_mode = WAL; CREATE TABLE evidence AS SELECT 7 AS id;";
        connection.execute_batch(evidence).unwrap();
        // So the evidence is still in the log.
        std::mem::forget(connection);
        say(&format!("path {}", db.path().display()));
        panic!("on purpose");
    }

    #[isolated(db = Sqlite::migrations(std::env::var("MIGRATIONS").unwrap()))]
    #[test]
    #[ignore = "started by another test"]
    fn migrates() {}

    #[isolated(db = Sqlite::prepared("broken", 1, |db| Connection::open(db)?.execute_batch("SELECT 1 +")))]
    #[test]
    #[ignore = "started by another test"]
    fn prepares() {}

    /// Takes databases until it gets no more.
    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn takes_all() {
        let mut all = Vec::new();
        let why = loop {
            let mut one = Sqlite::empty();
            match one.provision(&current()) {
                Ok(_) => all.push(one),
                Err(why) => break why,
            }
        };
        say(&format!("count {}", all.len()));
        say(&format!("why {why:?}"));
        for mut one in all {
            one.release(Outcome::Passed).unwrap();
        }
    }

    fn lock(db: &Database) -> rusqlite::Result<()> {
        let connection = Connection::open(db)?;
        connection.execute_batch("BEGIN; CREATE TABLE half (id int);")?;
        std::mem::forget(connection);
        Ok(())
    }

    #[isolated(db = Sqlite::prepared("locked", 1, lock))]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_a_transaction_open() {}
}

#[test]
fn the_database_of_a_failed_test_stays_and_the_report_says_where() {
    for test in ["fails", "fails_in_a_subprocess"] {
        stays_after(test);
    }
}

fn stays_after(test: &str) {
    let state = State::new();
    let run = state.inner(test).run().failed();
    let line = run.errors.lines().find(|line| line.contains("sqlite3 '"));
    let line = line.unwrap_or_else(|| panic!("{}", run.errors));
    assert!(line.ends_with("' (kept)"), "{line}");
    let path = line.split('\'').nth(1).unwrap();
    assert_eq!(ask(path, "SELECT cast(id AS text) FROM evidence"), "7");
    let path = Path::new(path);
    assert!(path.starts_with(state.path()), "{}", path.display());
    let used = Path::new(run.said("path").unwrap());
    assert!(used == path || !used.parent().unwrap().exists());
}

#[test]
fn nothing_stays_where_nothing_is_to_be_kept() {
    let state = State::new();
    let run = state.inner("fails").env("ISOLATED_KEEP", "never");
    let run = run.run().failed();
    assert!(run.errors.contains(".sqlite (removed)"), "{}", run.errors);
    let used = Path::new(run.said("path").unwrap());
    assert!(!used.parent().unwrap().exists());
}

#[test]
fn a_test_that_takes_more_databases_than_can_be_recorded_is_told() {
    let run = State::new().inner("takes_all").run().passed();
    let count: usize = run.said("count").unwrap().parse().unwrap();
    assert!((8..=14).contains(&count), "{count}");
    assert_eq!(
        run.said("why").unwrap(),
        "failed to record what to reclaim after a crash: the record of the test has no room for it"
    );
}

#[test]
fn a_mistake_in_a_migration_is_shown_with_its_line() {
    let state = State::new();
    let (caches, dir) = (state.scratch().join("caches"), state.scratch());
    let complaint = |sql: &str| {
        fs::write(dir.join("2_bad.sql"), sql).unwrap();
        let user = state.inner("migrates").env("XDG_CACHE_HOME", &caches);
        let run = user.env("MIGRATIONS", &dir).run().failed();
        assert_eq!(templates(&caches).len(), 0);
        let complaint = state.complaint(&run);
        let beginning = "isolated-test: suite::failing::inner::migrates: failed to provision the resource `db`: ";
        let rest = complaint.strip_prefix(beginning);
        rest.unwrap_or_else(|| panic!("{complaint}")).to_owned()
    };
    fs::write(dir.join("1_good.sql"), "CREATE TABLE a (id int unique);\n").unwrap();
    fs::write(dir.join("3_good.sql"), "SELECT 3;\n/* */ SELECT 4;\n").unwrap();
    for (sql, expected) in [
        (
            "CREATE TABLE b (id int);\n\nCREATE TABLE ü (\n  id int,,\n);\n",
            "DIR/scratch/2_bad.sql:4: near \",\": syntax error",
        ),
        (
            "SELECT ';'; -- ;\nSELECT\n  missing\nFROM a;\n",
            "DIR/scratch/2_bad.sql:3: no such column: missing",
        ),
        (
            "INSERT INTO a\n VALUES (1);\nINSERT INTO a\n VALUES (1);",
            "DIR/scratch/2_bad.sql:3: UNIQUE constraint failed: a.id (19)",
        ),
        (
            "CREATE TABLE b (id int);\n/* never closed",
            "DIR/scratch/2_bad.sql:2: it ends in a comment",
        ),
        (
            "CREATE TABLE b (id int);\nSELECT 'never closed",
            "DIR/scratch/2_bad.sql:2: unrecognized token: \"'never closed",
        ),
        (
            "CREATE TABLE b (a REFERENCES c DEFERRABLE INITIALLY DEFERRED);\nBEGIN;\nSELECT 1;",
            "DIR/scratch/2_bad.sql:2: cannot start a transaction within a transaction",
        ),
    ] {
        assert_eq!(complaint(sql), expected);
    }
}

#[test]
fn failed_preparation_is_reported_with_its_reason() {
    let state = State::new();
    let user = |test| {
        let user = state.inner(test).env("XDG_CACHE_HOME", state.scratch());
        state.complaint(&user.run().failed())
    };
    let complaint = user("prepares");
    assert!(
        complaint.contains("`db`: failed to prepare `broken`: incomplete input"),
        "{complaint}"
    );
    let complaint = user("leaves_a_transaction_open");
    let expected = "what has prepared the database has left it open: database is locked";
    assert!(complaint.contains(expected), "{complaint}");
    assert_eq!(templates(&state.scratch()).len(), 0);
}

#[test]
fn a_missing_program_is_reported_with_the_way_to_get_it() {
    let state = State::new();
    let dir = state.scratch();
    fs::write(dir.join("1.sql"), "SELECT 1").unwrap();
    let user = state.inner("migrates").env("MIGRATIONS", &dir);
    let user = user.env("PATH", "/none").env("XDG_CACHE_HOME", &dir);
    let run = user.run().failed();
    assert_eq!(
        state.complaint(&run),
        "isolated-test: suite::failing::inner::migrates: failed to provision the resource `db`: found no \
         `sqlite3` in `PATH`, which runs SQL for tests; install it with `apt-get \
         install sqlite3` or `brew install sqlite`, or let your client do it in `Sqlite::prepared`"
    );
}
