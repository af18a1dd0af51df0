//! Leftovers of killed processes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use isolated_test_tests::{Random, State};

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

    fn prepare_quickly(db: &Database) -> rusqlite::Result<()> {
        // Many rows, so that a half of them could be seen.
        Connection::open(db)?.execute_batch(
            "CREATE TABLE many AS
             WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
             SELECT i FROM n;
             CREATE TABLE last (id int);",
        )
    }

    #[isolated(db = Sqlite::prepared("quick", 1, prepare_quickly))]
    #[test]
    #[ignore = "started by another test"]
    fn builds_quickly(db: &Database) {
        assert_eq!(crate::asking::tables(db), "last,many");
    }

    #[isolated(db = Sqlite::prepared("slow", 1, prepare))]
    #[test]
    #[ignore = "started by another test"]
    fn builds(db: &Database) {
        assert_eq!(crate::asking::tables(db), "first,last");
    }
}

/// The number of tests that are killed at random.
const KILLS: u32 = 60;

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

#[test]
fn nothing_is_left_of_tests_that_are_killed_at_random() {
    let state = State::new();
    let seed = Random::new_seed();
    let mut random = Random::new(seed);
    let caches = state.scratch();
    let start = || {
        let user = state.inner("builds_quickly").env("XDG_CACHE_HOME", &caches);
        user.start()
    };
    let mut processes = BTreeSet::new();
    for kill in 0..KILLS {
        let mut both = [start(), start()];
        // Killing is the load, and its instants are random.
        thread::sleep(Duration::from_millis(random.below(25)));
        both[0].kill();
        processes.extend(both.iter().map(|test| test.id().to_string()));
        let [_, other] = both;
        other.finish().passed();
        if kill % 3 == 0 {
            // The next ones build again.
            let _ = fs::remove_dir_all(&caches);
        }
    }
    start().finish().passed();
    assert_eq!(templates(&caches).len(), 1, "seed {seed}");
    let left: Vec<_> = fs::read_dir("/dev/shm")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            let process = name.strip_prefix("isolated-sqlite-");
            let process = process.and_then(|rest| rest.split('-').next());
            process.is_some_and(|process| processes.contains(process))
        })
        .collect();
    assert_eq!(left, [] as [String; 0], "seed {seed}");
    assert_eq!(state.runs(), [] as [PathBuf; 0], "seed {seed}");
}
