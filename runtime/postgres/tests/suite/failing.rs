//! Databases of failed tests, and failures of tests that get no database.

use std::fs;

use isolated_test_tests::State;

use crate::asking::{Servers, ask, databases, files, kept, main_database};

mod inner {
    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::say;

    use crate::asking::leave_evidence;

    #[isolated(db = Postgres::empty())]
    #[test]
    #[ignore = "started by another test"]
    fn fails(db: &Database) {
        leave_evidence(db);
    }

    #[isolated(db = Postgres::migrations(std::env::var("MIGRATIONS").unwrap()))]
    #[test]
    #[ignore = "started by another test"]
    fn migrates(db: &Database) {
        say(&format!("url {}", db.url()));
    }

    #[isolated(db = Postgres::empty().version(99))]
    #[test]
    #[ignore = "started by another test"]
    fn wants_a_version() {}

    #[isolated(db = Postgres::empty().version(99).or_skip())]
    #[test]
    #[should_panic(expected = "on purpose")]
    #[ignore = "started by another test"]
    fn may_be_skipped() {
        panic!("on purpose: {:?}", std::env::var("DATABASE_URL"));
    }

    #[isolated(db = Postgres::empty().version(99).or_skip(), env(DATABASE_URL = db))]
    #[test]
    #[ignore = "started by another test"]
    fn may_be_skipped_in_a_process() {
        say("body");
    }

    #[isolated(db = Postgres::empty().or_skip())]
    #[test]
    #[ignore = "started by another test"]
    fn need_not_be_skipped() {
        say("body");
    }
}

#[test]
fn the_database_of_a_failed_test_stays_and_the_report_says_where() {
    let state = State::new();
    let run = state.user("fails").run().failed();
    let url = kept(&run);
    assert!(url.contains("_failing_inner_fails_"), "{url}");
    assert_eq!(ask(url, "SELECT id::text FROM evidence"), "7");

    // The server waits for people, not for ever, and takes everything with it.
    let files = files(url);
    assert!(files.exists());
    state.end_the_host();
    assert!(!files.exists());
}

#[test]
fn nothing_stays_where_nothing_is_to_be_kept() {
    let state = State::new();
    let run = state
        .user("fails")
        .env("ISOLATED_KEEP", "never")
        .run()
        .failed();
    assert!(run.errors.contains(" (removed)"), "{}", run.errors);
    state.wait_for_the_end();
}

#[test]
fn the_database_of_a_killed_test_is_dropped() {
    let state = State::new();
    let mut killed = state.user_of_empty().start();
    let url = killed.hear("url");
    let mut other = state.user_of_empty().start();
    let main = main_database(&other.hear("url"));
    let name = url.rsplit_once('/').unwrap().1.to_owned();
    assert!(databases(&main).contains(&name));
    killed.kill();
    while databases(&main).contains(&name) {
        std::thread::yield_now();
    }
    other.release();
    state.wait_for_the_end();
}

#[test]
fn a_mistake_in_a_migration_is_shown_with_its_line() {
    let state = State::new();
    let dir = state.scratch();
    let write = |name: &str, sql: &str| fs::write(dir.join(name), sql).unwrap();
    let complaint = || {
        let user = state.inner("migrates").env("MIGRATIONS", &dir);
        let run = user.env("ISOLATED_LINGER", "20s").run().failed();
        state.complaint(&run)
    };
    write("1_good.sql", "CREATE TABLE a (id int);\n");
    write(
        "2_bad.sql",
        "CREATE TABLE b (id int);\n\nCREATE TABLE ü (\n  id integr\n);\n",
    );
    let expected = String::from(
        "isolated-test: suite::failing::inner::migrates: failed to provision the resource `db`: \
         DIR/scratch/2_bad.sql:4: type \"integr\" does not exist",
    );
    assert_eq!(complaint(), expected);
    // Not tried again for each test: it would pass now, were it not for the same content.
    assert_eq!(complaint(), expected);
    // An error without a position is found by counting.
    write(
        "2_bad.sql",
        "SELECT ';'; -- ;\nSELECT 1;\n\nSELECT 1 / (count(*) - 1) FROM (SELECT 1) one;\n",
    );
    let expected = expected.replace("type \"integr\" does not exist", "division by zero");
    assert_eq!(complaint(), expected);
    // Changed migrations are noticed.
    write("2_bad.sql", "CREATE TABLE b (id int);");
    let user = state.inner("migrates").env("MIGRATIONS", &dir);
    let run = user.run().passed();
    let url = run.said("url").unwrap();
    let left = databases(&main_database(url));
    assert!(
        !left.iter().any(|name| name.starts_with("building")),
        "{left:?}"
    );
    state.end_the_host();
}

#[test]
fn missing_programs_are_reported_with_the_way_to_get_them() {
    let state = State::new();
    let run = state.user("wants_a_version").run().failed();
    assert_eq!(
        state.complaint(&run),
        "isolated-test: suite::failing::inner::wants_a_version: failed to provision the resource `db`: this machine has no PostgreSQL 99; install it with `apt-get install \
         postgresql-99` or `brew install postgresql@99`, or name the directory of `postgres` and `initdb` in \
         `ISOLATED_POSTGRES_BIN`, or set `ISOLATED_POSTGRES` to the URL of a server"
    );
    let run = state
        .user_of_empty()
        .env("ISOLATED_POSTGRES_BIN", "/none")
        .run()
        .failed();
    assert_eq!(
        state.complaint(&run),
        "isolated-test: suite::asking::inner::uses: failed to provision the resource `db`: `ISOLATED_POSTGRES_BIN` is `/none`, which does not contain `postgres` and \
         `initdb`"
    );
    let run = state
        .user_of_empty()
        .env("ISOLATED_POSTGRES", "mysql://x")
        .run()
        .failed();
    assert_eq!(
        state.complaint(&run),
        "isolated-test: suite::asking::inner::uses: failed to provision the resource `db`: failed to read the URL in `ISOLATED_POSTGRES`: it does not begin with \
         `postgres://`"
    );
}

#[test]
fn a_test_may_be_skipped_where_nothing_is_installed() {
    let state = State::new();
    for test in ["may_be_skipped", "may_be_skipped_in_a_process"] {
        let run = state.user(test).run().passed();
        let expected = format!(
            "isolated-test: suite::failing::inner::{test}: skipped, because this machine has no PostgreSQL 99; \
             install it with "
        );
        assert!(run.errors.starts_with(&expected), "{}", run.errors);
        assert_eq!(run.errors.lines().count(), 1, "{}", run.errors);
        assert_eq!(run.said("body"), None);
    }
    assert!(!state.path().join("hosts").exists());
}

#[test]
fn nothing_but_a_missing_installation_skips_a_test() {
    let state = State::new();
    let run = state.user("need_not_be_skipped").run().passed();
    assert_eq!((&*run.errors, run.said("body")), ("", Some("")));
    for (variable, value, why) in [
        (
            "ISOLATED_POSTGRES_BIN",
            "/none",
            "`ISOLATED_POSTGRES_BIN` is `/none`, which does not contain `postgres` and `initdb`",
        ),
        (
            "ISOLATED_POSTGRES",
            "postgres://%2Fnone",
            "No such file or directory (os error 2)",
        ),
    ] {
        let run = state
            .user("need_not_be_skipped")
            .env(variable, value)
            .run()
            .failed();
        let complaint = state.complaint(&run);
        assert!(
            complaint.contains(": failed to provision the resource `db`: "),
            "{complaint}"
        );
        assert!(complaint.ends_with(why), "{complaint}");
    }
    state.wait_for_the_end();
}
