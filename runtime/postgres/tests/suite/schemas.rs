//! `schema`: tests that share a database, each with a schema of its own.

use std::fs;

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};
use isolated_test_tests::{Running, State};
use postgres::{Client, NoTls};

use crate::asking::{Servers, ask, kept, psql};

pub(crate) fn shop() -> Postgres {
    Postgres::migrations("tests/migrations")
        .seed("tests/seed.sql")
        .schema()
}

fn connect(db: &Database) -> Client {
    Client::connect(db.url(), NoTls).unwrap()
}

const NAMES: &str = "SELECT string_agg(name, ',' ORDER BY id) FROM customers";

/// Both insert the same row, so they would not pass in one schema.
#[isolated(db = shop())]
mod migrated {
    use isolated_test_postgres::Database;

    use super::{NAMES, ask, connect, psql};

    #[test]
    fn one_test_inserts(db: &Database) {
        let inserted = connect(db).execute("INSERT INTO customers VALUES (3, 'Mary')", &[]);
        assert_eq!(inserted.unwrap(), 1);
        assert_eq!(ask(db.url(), NAMES), "Ada,Grace,Mary");
    }

    #[test]
    fn another_inserts_the_same(db: &Database) {
        let output = psql(db.url(), "INSERT INTO customers VALUES (3, 'Joan')");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(ask(db.url(), NAMES), "Ada,Grace,Joan");
    }

    #[tokio::test]
    async fn asynchronous_clients_work_in_it_too(db: &Database) {
        let connected = tokio_postgres::connect(db.url(), tokio_postgres::NoTls).await;
        let (client, connection) = connected.unwrap();
        tokio::spawn(connection);
        client
            .batch_execute("INSERT INTO customers VALUES (3, 'Hedy')")
            .await
            .unwrap();
        let row = client.query_one(NAMES, &[]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), "Ada,Grace,Hedy");
    }
}

#[isolated(process, db = shop())]
#[test]
fn a_subprocess_knows_the_schema(db: &Database) {
    let schema = ask(db.url(), "SELECT current_schema()::text");
    assert_eq!(db.schema(), Some(&*schema));
    assert!(schema.starts_with("test_"), "{schema}");
    assert_eq!(ask(db.url(), "SELECT current_database()::text"), db.name());
}

#[isolated(db = Postgres::empty())]
#[test]
fn a_database_has_none(db: &Database) {
    assert_eq!(db.schema(), None);
}

#[isolated(network(or = "skip"), db = shop().at("localhost:5432"))]
#[test]
fn it_may_be_at_a_fixed_address(db: &Database) {
    let wired_in = "postgres://shop:secret@localhost/production";
    for url in [
        wired_in,
        &format!("{wired_in}?options=-c%20statement_timeout%3D1234"),
    ] {
        assert_eq!(ask(url, NAMES), "Ada,Grace");
        assert_eq!(
            ask(url, "SELECT current_schema()::text"),
            db.schema().unwrap()
        );
    }
    let both = format!("{wired_in}?options=-c%20statement_timeout%3D1234");
    assert_eq!(ask(&both, "SHOW statement_timeout"), "1234ms");
}

mod inner {
    use std::process::{Command, Stdio};

    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::{hold, say};
    use postgres::{Client, NoTls};

    use super::shop;
    use crate::asking::{ask, psql};

    /// Says where the schema is.
    fn tell(db: &Database) {
        say(&format!("url {}", db.url()));
        say(&format!("schema {}", db.schema().unwrap()));
    }

    #[isolated(db = shop())]
    #[test]
    #[ignore = "started by another test"]
    fn works(db: &Database) {
        assert_eq!(ask(db.url(), "SELECT count(*)::text FROM customers"), "2");
        tell(db);
        hold();
    }

    #[isolated(db = Postgres::empty().schema())]
    #[test]
    #[ignore = "started by another test"]
    fn looks_on(db: &Database) {
        tell(db);
        hold();
    }

    #[isolated(db = Postgres::empty().schema())]
    #[test]
    #[ignore = "started by another test"]
    fn loses_its_schema(db: &Database) {
        let dropped = psql(db.url(), &format!("DROP SCHEMA {}", db.schema().unwrap()));
        say(&format!("schema {}", db.schema().unwrap()));
        panic!("on purpose: {dropped:?}");
    }

    /// Leaves two sessions behind: one of a usual client, and one with locks and another name.
    #[isolated(db = shop())]
    #[test]
    #[ignore = "started by another test"]
    fn forgets_its_sessions(db: &Database) {
        let locks = "SET application_name = 'shop'; LOCK TABLE customers; SELECT pg_sleep(600)";
        let _sessions = ["SELECT pg_sleep(600)", locks].map(|sql| {
            let mut psql = Command::new("psql");
            psql.args(["--no-psqlrc", db.url(), "-c", sql])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            psql.spawn().unwrap()
        });
        while ask(db.url(), super::SLEEPING) != "2" {}
        tell(db);
    }

    #[isolated(db = Postgres::migrations(std::env::var("MIGRATIONS").unwrap()).schema())]
    #[test]
    #[ignore = "started by another test"]
    fn migrates(db: &Database) {
        assert_eq!(
            ask(db.url(), "SELECT name::text FROM people WHERE name = 'ADA'"),
            "Ada"
        );
        tell(db);
        hold();
    }

    fn prepare(url: &str) -> Result<(), postgres::Error> {
        let mut client = Client::connect(url, NoTls)?;
        client.batch_execute(
            "CREATE EXTENSION IF NOT EXISTS citext; CREATE TABLE words (word citext)",
        )?;
        say("prepared");
        hold();
        Ok(())
    }

    #[isolated(db = Postgres::prepared("words", 1, prepare).schema())]
    #[test]
    #[ignore = "started by another test"]
    fn prepares(db: &Database) {
        assert_eq!(ask(db.url(), "SELECT count(*)::text FROM words"), "0");
        tell(db);
    }
}

/// The number of sessions that sleep in the database.
const SLEEPING: &str = "SELECT count(*)::text FROM pg_stat_activity \
                        WHERE wait_event = 'PgSleep' AND datname = current_database()";

/// The names of the schemas that are called so.
pub(crate) fn schemas_like(url: &str, pattern: &str) -> Vec<String> {
    let mut client = Client::connect(url, NoTls).unwrap();
    let sql = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE $1 ORDER BY 1";
    let rows = client.query(sql, &[&pattern]).unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Waits until only these are left.
pub(crate) fn wait_for_schemas_like(url: &str, pattern: &str, expected: &[&str]) {
    while schemas_like(url, pattern) != expected {
        std::thread::yield_now();
    }
}

/// The schemas of tests on a server of ours.
const OURS: &str = "test\\_%";

fn schemas(url: &str) -> Vec<String> {
    schemas_like(url, OURS)
}

fn wait_for_schemas(url: &str, expected: &[&str]) {
    wait_for_schemas_like(url, OURS, expected);
}

#[test]
fn tests_share_a_database_and_leave_nothing() {
    let state = State::new();
    let mut other = state.user("looks_on").start();
    let (url, own) = (other.hear("url"), other.hear("schema"));
    let start = || {
        let mut user = state.user("works").start();
        let database = user.hear("url");
        assert_eq!(database.split('?').next(), url.split('?').next());
        let schema = user.hear("schema");
        (user, schema)
    };
    let ((one, first), (mut two, second)) = (start(), start());
    let mut all = [&*own, &first, &second];
    all.sort_unstable();
    assert_eq!(schemas(&url), all);
    one.release();
    two.kill();
    wait_for_schemas(&url, &[&own]);

    let run = state.user("forgets_its_sessions").run().passed();
    assert!(run.said("schema").is_some());
    wait_for_schemas(&url, &[&own]);
    assert_eq!(ask(&url, SLEEPING), "0");
    other.release();
    // Nothing is kept, so nobody waits for people.
    state.wait_for_the_end();
}

#[test]
fn the_schema_of_a_failed_test_stays_and_the_report_says_where() {
    let state = State::new();
    let run = state.failing_in_a_schema().run().failed();
    let url = kept(&run);
    let output = psql(url, "SELECT id FROM evidence");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "7\n", "{output:?}");

    // The newest stay. A session with the name of one that goes would end.
    let database = url.split('?').next().unwrap();
    let oldest = schemas(database).concat();
    for _ in 0..15 {
        state.failing_in_a_schema().run().failed();
    }
    assert_eq!(schemas(database).len(), 16);
    state.failing_in_a_schema().run().failed();
    while schemas(database).contains(&oldest) {
        std::thread::yield_now();
    }
    assert_eq!(schemas(database).len(), 16);
    state.end_the_host();
}

#[test]
fn a_schema_that_cannot_be_kept_is_named_in_the_log_of_the_host() {
    let state = State::new();
    let run = state.user("loses_its_schema").run().failed();
    let schema = run.said("schema").unwrap();
    let host = fs::read_dir(state.path().join("hosts")).unwrap().next();
    let log = host.unwrap().unwrap().path().join("log");
    let line = format!(
        "isolated-test-postgres: failed to keep {schema}: schema \"{schema}\" does not exist\n"
    );
    while !fs::read_to_string(&log).unwrap().contains(&line) {
        std::thread::yield_now();
    }
    state.end_the_host();
}

#[test]
fn a_mistake_in_a_migration_is_shown_with_its_line() {
    let state = State::new();
    let mut other = state.user("looks_on").start();
    let (url, own) = (other.hear("url"), other.hear("schema"));
    let dir = state.scratch();
    fs::write(dir.join("1_good.sql"), "CREATE TABLE a (id int);\n").unwrap();
    fs::write(
        dir.join("2_bad.sql"),
        "SELECT 1;\nCREATE TABLE b (id integr);\n",
    )
    .unwrap();
    let run = state
        .user("migrates")
        .env("MIGRATIONS", &dir)
        .run()
        .failed();
    assert_eq!(
        state.complaint(&run),
        "isolated-test: suite::schemas::inner::migrates: failed to provision the resource `db`: \
         DIR/scratch/2_bad.sql:2: type \"integr\" does not exist"
    );
    wait_for_schemas(&url, &[&own]);
    end_after_failure(&state, other);
}

/// Ends the last test and the host.
fn end_after_failure(state: &State, last: Running) {
    last.release();
    state.end_the_host();
}

#[test]
fn an_extension_is_there_for_all_tests() {
    let state = State::new();
    let mut other = state.user("looks_on").start();
    let (url, own) = (other.hear("url"), other.hear("schema"));
    let dir = state.scratch();
    let sql = "CREATE EXTENSION IF NOT EXISTS citext;\n\
               CREATE TABLE people (name citext);\n\
               INSERT INTO people VALUES ('Ada');\n";
    let file = dir.join("1_people.sql");
    fs::write(&file, sql).unwrap();
    let start = || state.user("migrates").env("MIGRATIONS", &dir).start();
    // At once, and each has to find it.
    let mut users = [(); 4].map(|()| start());
    for user in &mut users {
        user.hear("url");
    }
    let [first, others @ ..] = users;
    // The schema in which it was created is one of these.
    for user in others {
        user.release();
    }
    first.release();
    wait_for_schemas(&url, &[&own]);
    let mut next = start();
    next.hear("url");
    next.release();

    // Other contents may create it too, but not twice.
    fs::write(&file, sql.replace(" IF NOT EXISTS", "")).unwrap();
    let run = state
        .user("migrates")
        .env("MIGRATIONS", &dir)
        .run()
        .failed();
    let complaint = state.complaint(&run);
    let why = "DIR/scratch/1_people.sql:1: extension \"citext\" already exists";
    assert!(complaint.ends_with(why), "{complaint}");

    // One that cannot be moved.
    fs::write(&file, "CREATE EXTENSION xml2").unwrap();
    let run = state
        .user("migrates")
        .env("MIGRATIONS", &dir)
        .run()
        .failed();
    let complaint = state.complaint(&run);
    let why = "failed to share the extension `xml2`: extension \"xml2\" does not support SET SCHEMA; write \
               `CREATE EXTENSION IF NOT EXISTS … SCHEMA public`, or give the test a database of its own: leave \
               out `.schema()`";
    assert!(complaint.ends_with(why), "{complaint}");
    wait_for_schemas(&url, &[&own]);
    end_after_failure(&state, other);
}

#[test]
fn a_test_that_is_killed_while_it_creates_an_extension_is_not_in_the_way() {
    let state = State::new();
    let mut killed = state.user("prepares").start();
    killed.hear("prepared");
    let mut next = state.user("prepares").start();
    killed.kill();
    next.hear("prepared");
    next.tell("release");
    let url = next.hear("url");
    next.finish().passed();
    assert!(url.contains("/schemas_"), "{url}");
    state.wait_for_the_end();
}
