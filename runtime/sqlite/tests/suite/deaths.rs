//! Leftovers of killed processes.

use std::path::{Path, PathBuf};

use isolated_test_tests::State;

use crate::templates::templates;

mod inner {
    use isolated_test::isolated;
    use isolated_test_sqlite::{Database, Sqlite};
    use isolated_test_tests::{hold, say};
    use rusqlite::Connection;

    #[isolated(db = Sqlite::empty())]
    #[test]
    #[ignore = "started by another test"]
    fn uses(db: &Database) {
        say(&format!("path {}", db.path().display()));
        hold();
    }

    fn prepare(db: &Database) -> rusqlite::Result<()> {
        let connection = Connection::open(db)?;
        connection.execute_batch("CREATE TABLE first (id int)")?;
        say(&format!("builds {}", db.path().display()));
        hold();
        connection.execute_batch("CREATE TABLE last (id int)")
    }

    #[isolated(db = Sqlite::prepared("slow", 1, prepare))]
    #[test]
    #[ignore = "started by another test"]
    fn builds(db: &Database) {
        assert_eq!(crate::asking::tables(db), "first,last");
    }
}

/// The directory of a database.
fn dir(path: &str) -> PathBuf {
    Path::new(path).parent().unwrap().to_owned()
}

#[test]
fn the_database_of_a_killed_test_is_removed_by_the_next_one() {
    let state = State::new();
    let mut killed = state.inner("uses").start();
    let old = dir(&killed.hear("path"));
    killed.kill();
    assert!(old.exists());

    let mut next = state.inner("uses").start();
    let new = dir(&next.hear("path"));
    assert!(!old.exists());
    assert!(new.exists());
    next.tell("release");
    next.finish().passed();
    assert!(!new.exists());
}

#[test]
fn a_template_whose_builder_was_killed_is_built_by_the_next_test() {
    let state = State::new();
    let caches = state.scratch();
    let start = || {
        let user = state.inner("builds").env("XDG_CACHE_HOME", &caches);
        user.start()
    };
    let mut builder = start();
    let old = dir(&builder.hear("builds"));
    let mut next = start();
    let waits = next.hear_error("waiting for");
    assert!(waits.contains("\"sqlite template "), "{waits}");
    builder.kill();
    next.hear("builds");
    assert_eq!(templates(&caches), [] as [PathBuf; 0]);
    next.tell("release");
    next.finish().passed();
    assert_eq!(templates(&caches).len(), 1);
    // It does not build: nobody tells it to go on.
    start().finish().passed();
    assert!(!old.exists());
}
