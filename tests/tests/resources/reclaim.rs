//! `reclaim_after_crash`: what a killed test has created outside is removed by a later process, and
//! only by one that knows the kind of thing.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use isolated_test_core::inspect::processes;
use isolated_test_tests::{Inner, PATIENCE, State};

mod inner {
    use std::fs;
    use std::path::{Path, PathBuf};

    use isolated_test::{
        BoxError, Current, Outcome, Reclaim, Resource, Transfer, current, isolated,
    };
    use isolated_test_tests::{hold, say};

    /// A "database": a file outside of all directories of the test.
    struct Database(PathBuf);

    impl Reclaim for Database {
        const KIND: &'static str = "test-database";

        fn reclaim(text: &str) -> Result<(), BoxError> {
            assert!(!text.contains("panic"), "on purpose");
            if text.contains("stays") {
                return Err("it is in use".into());
            }
            match fs::remove_file(text) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            }
        }
    }

    impl Resource for Database {
        type Handle = ();

        fn provision(&mut self, test: &Current) -> Result<(), BoxError> {
            let dir = std::env::var_os("DATABASES").expect("the outer test says where");
            let name = std::env::var("NAME").unwrap_or_else(|_| "database".to_owned());
            self.0 = Path::new(&dir).join(name);
            test.reclaim_after_crash::<Database>(self.0.to_str().unwrap())?;
            fs::write(&self.0, "rows")?;
            Ok(())
        }

        fn release(&mut self, _: Outcome) -> Result<(), BoxError> {
            Ok(fs::remove_file(&self.0)?)
        }
    }

    #[isolated(db = Database(PathBuf::new()))]
    #[test]
    #[ignore = "started by another test"]
    fn in_place() {
        hold();
    }

    #[isolated(process, db = Database(PathBuf::new()))]
    #[test]
    #[ignore = "started by another test"]
    fn in_a_subprocess() {
        // The body has no standard input.
        say("held");
        // It is killed meanwhile.
        std::thread::sleep(isolated_test_tests::PATIENCE);
    }

    /// The parent provisions it and stays its owner.
    struct Transferred(Database);

    impl Resource for Transferred {
        type Handle = ();

        fn provision(&mut self, test: &Current) -> Result<(), BoxError> {
            self.0.provision(test)
        }

        fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
            self.0.release(outcome)
        }

        fn transfer() -> Transfer<()> {
            Transfer::with(|()| String::new(), |_| Ok(()))
        }
    }

    #[isolated(process, db = Transferred(Database(PathBuf::new())))]
    #[test]
    #[ignore = "started by another test"]
    fn in_the_parent() {
        say("held");
        std::thread::sleep(isolated_test_tests::PATIENCE);
    }

    #[isolated(db = Database(PathBuf::new()))]
    #[test]
    #[ignore = "started by another test"]
    fn ends() {}

    #[isolated(db = Database(PathBuf::new()))]
    #[test]
    #[ignore = "started by another test"]
    fn exits() {
        std::process::exit(0);
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn knows_no_kind() {}

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn asks_for_too_much() {
        for text in ["two\nlines", &"x".repeat(2000)] {
            let refused = current().reclaim_after_crash::<Database>(text).unwrap_err();
            say(&format!("refused {refused:?}"));
        }
        let test = current().handle();
        let many = (0..100).filter(|_| {
            test.reclaim_after_crash::<Database>(&"y".repeat(100))
                .is_ok()
        });
        say(&format!("written {}", many.count()));
    }
}

/// Starts inner tests that create their databases in one directory.
struct Databases {
    state: State,
    dir: PathBuf,
}

impl Databases {
    fn new() -> Self {
        let state = State::new();
        let dir = state.scratch();
        Databases { state, dir }
    }

    fn inner(&self, test: &str) -> Inner<'_> {
        self.state.inner(test).env("DATABASES", &self.dir)
    }

    /// Kills a test while its database exists.
    fn crash(&self, test: &str, name: &str) -> PathBuf {
        let mut running = self.inner(test).env("NAME", name).start();
        running.hear("held");
        running.kill();
        // The process counts as alive until its supervisor has ended the subprocess. That is no child of
        // this process, so no event tells of its end.
        let deadline = Instant::now() + PATIENCE;
        while !processes(self.state.path()).is_empty() {
            assert!(Instant::now() < deadline, "the subprocess lives on");
            thread::sleep(Duration::from_millis(1));
        }
        let database = self.dir.join(name);
        assert!(database.exists(), "{}", database.display());
        database
    }

    fn records(&self) -> usize {
        let runs = self.state.path().join("runs");
        let records = fs::read_dir(runs).unwrap().flatten();
        let is_record = |path: &Path| path.extension().is_some_and(|end| end == "isolated-test");
        records.filter(|entry| is_record(&entry.path())).count()
    }
}

#[test]
fn a_later_process_removes_what_a_killed_test_has_created() {
    for test in ["in_place", "in_a_subprocess", "in_the_parent"] {
        let databases = Databases::new();
        let database = databases.crash(test, "database");
        let other = databases.inner("ends").env("NAME", "another");
        let _ = other.run().passed();
        assert!(!database.exists(), "{test}");
        assert!(databases.state.runs().is_empty(), "{test}");
    }
}

#[test]
fn a_later_process_removes_what_is_left_of_a_test_that_ended_its_process() {
    let databases = Databases::new();
    let run = databases.inner("exits").run();
    assert!(run.status.success());
    let database = databases.dir.join("database");
    assert!(database.exists());
    let other = databases.inner("ends").env("NAME", "another");
    let _ = other.run().passed();
    assert!(!database.exists());
    assert!(databases.state.runs().is_empty());
}

#[test]
fn a_process_that_does_not_know_the_kind_leaves_it_to_one_that_does() {
    let databases = Databases::new();
    let database = databases.crash("in_place", "database");
    for _ in 0..2 {
        let _ = databases.inner("knows_no_kind").run().passed();
        assert!(database.exists());
        assert_eq!(databases.records(), 1);
    }
    let _ = databases
        .inner("ends")
        .env("NAME", "another")
        .run()
        .passed();
    assert!(!database.exists());
    assert_eq!(databases.records(), 0);
}

#[test]
fn a_kind_that_fails_is_asked_again_and_does_not_stop_the_others() {
    for name in ["stays", "panic"] {
        let databases = Databases::new();
        let failing = databases.crash("in_place", name);
        let database = databases.crash("in_place", "database");
        let run = databases
            .inner("ends")
            .env("NAME", "another")
            .run()
            .passed();
        let why = if name == "stays" {
            "it is in use"
        } else {
            "on purpose"
        };
        let line = format!(
            "isolated-test: failed to reclaim test-database `{}` of a process that has died: {why}",
            failing.display()
        );
        assert!(run.errors.contains(&line), "{}", run.errors);
        assert!(!database.exists());
        assert_eq!(databases.records(), 1, "the entry of the one that failed");
    }
}

#[test]
fn a_test_that_ends_leaves_no_entry() {
    let databases = Databases::new();
    for _ in 0..2 {
        let _ = databases.inner("ends").run().passed();
    }
    assert_eq!(databases.records(), 0);
}

#[test]
fn an_entry_that_cannot_be_written_is_refused() {
    let run = Databases::new().inner("asks_for_too_much").run().passed();
    let refused: Vec<_> = run
        .output
        .lines()
        .filter(|line| line.starts_with("@refused"))
        .collect();
    assert_eq!(
        refused,
        [
            "@refused failed to record the test-database to reclaim after a crash: the kind is no word, or \
             the text no line",
            "@refused failed to record what to reclaim after a crash: the record of the test has no room for it",
        ]
    );
    let written: usize = run.said("written").unwrap().parse().unwrap();
    assert!((5..9).contains(&written), "{written}");
}
