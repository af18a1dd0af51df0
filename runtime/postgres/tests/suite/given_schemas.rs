//! `schema` on a server that runs already, for roles that may create databases, and for others.

use isolated_test_tests::State;
use postgres::{Client, NoTls};

use crate::asking::{Servers, ask, main_database, signal};
use crate::schemas::{schemas_like, wait_for_schemas_like};

mod inner {
    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::{hold, say};
    use postgres::{Client, NoTls};

    use crate::asking::ask;

    /// A server with a role that has a database, and may create none.
    #[isolated(db = Postgres::empty())]
    #[test]
    #[ignore = "started by another test"]
    fn serves(db: &Database) {
        let mut client = Client::connect(db.url(), NoTls).unwrap();
        for sql in [
            "CREATE ROLE rich LOGIN CREATEDB",
            "CREATE ROLE poor LOGIN",
            "CREATE DATABASE given OWNER poor",
        ] {
            client.batch_execute(sql).unwrap();
        }
        say(&format!("url {}", db.url()));
        hold();
    }

    #[isolated(db = Postgres::migrations("tests/migrations").schema())]
    #[test]
    #[ignore = "started by another test"]
    fn works(db: &Database) {
        assert_eq!(ask(db.url(), "SELECT count(*)::text FROM customers"), "0");
        say(&format!("url {}", db.url()));
        say(&format!("schema {}", db.schema().unwrap()));
        hold();
    }
}

const OURS: &str = "isolated_t%";

/// The URL of a server for one role and one database.
fn url(main: &str, role: &str, database: &str) -> String {
    let (server, _) = main.rsplit_once('/').unwrap();
    format!(
        "{}/{database}",
        server.replace("postgres@", &format!("{role}@"))
    )
}

/// Waits until the host has noted that it keeps something, as it does after the test has ended.
fn wait_for_comment(url: &str, table: &str) {
    let sql = format!(
        "SELECT count(*)::text FROM {table} WHERE \
         coalesce(obj_description(oid, '{table}'), shobj_description(oid, '{table}')) LIKE 'kept by isolated-test%'"
    );
    while ask(url, &sql) != "1" {
        std::thread::yield_now();
    }
}

#[test]
fn a_role_that_may_create_no_database_has_schemas_in_the_one_that_is_named() {
    let state = State::new();
    let mut server = state.user("serves").start();
    let main = main_database(&server.hear("url"));
    let given = url(&main, "poor", "given");
    let users = State::new();
    let user = |test| users.user(test).env("ISOLATED_POSTGRES", &given);
    let failing = || users.failing_in_a_schema().env("ISOLATED_POSTGRES", &given);
    let mut one = user("works").start();
    assert!(one.hear("url").contains("/given?"));
    let schema = one.hear("schema");
    assert_eq!(schemas_like(&given, OURS), [&*schema]);
    one.release();
    wait_for_schemas_like(&given, OURS, &[]);
    users.wait_for_the_end();

    // A killed host leaves schemas, and the next one drops them.
    let mut killed = user("works").start();
    let schema = killed.hear("schema");
    signal("-KILL", users.host());
    killed.kill();
    users.wait_for_the_end();
    assert_eq!(schemas_like(&given, OURS), [&*schema]);
    let mut next = user("works").start();
    let schema = next.hear("schema");
    assert_eq!(schemas_like(&given, OURS), [&*schema]);

    // Also if its machine is gone.
    let gone = State::new();
    let other = gone.user("works").env("ISOLATED_POSTGRES", &given);
    let mut other = other.start();
    other.hear("schema");
    signal("-KILL", gone.host());
    other.kill();
    gone.wait_for_the_end();
    drop(gone);
    next.release();
    users.wait_for_the_end();
    let mut next = user("works").start();
    let schema = next.hear("schema");
    wait_for_schemas_like(&given, OURS, &[&schema]);
    next.release();
    users.wait_for_the_end();

    // A kept schema outlives the host.
    failing().run().failed();
    wait_for_comment(&given, "pg_namespace");
    users.end_the_host();
    let kept = schemas_like(&given, OURS).concat();
    let evidence = format!("SELECT id::text FROM {kept}.evidence");
    assert_eq!(ask(&given, &evidence), "7");

    // Migrations must not reach what people have there.
    let mut client = Client::connect(&given, NoTls).unwrap();
    client.batch_execute("CREATE TABLE precious ()").unwrap();
    let run = user("works").run().failed();
    let complaint = users.complaint(&run);
    let why = "failed to provision the resource `db`: the role may not create databases, and in the database \
               `given` migrations could change `public.precious`; name a database without tables in \
               `ISOLATED_POSTGRES`, or let the role create databases";
    assert!(complaint.ends_with(why), "{complaint}");
    users.end_the_host();
    server.release();
    state.wait_for_the_end();
}

#[test]
fn another_role_has_a_database_for_its_schemas_which_goes_with_the_host() {
    let state = State::new();
    let mut server = state.user("serves").start();
    let main = main_database(&server.hear("url"));
    let given = url(&main, "rich", "postgres");
    let count = || {
        ask(
            &main,
            "SELECT count(*)::text FROM pg_database WHERE datname LIKE 'isolated_t%_schemas_%'",
        )
    };
    let users = State::new();
    let user = |test| users.user(test).env("ISOLATED_POSTGRES", &given);
    let failing = || users.failing_in_a_schema().env("ISOLATED_POSTGRES", &given);
    let mut one = user("works").start();
    one.hear("url");
    assert_eq!(count(), "1");
    one.release();
    users.wait_for_the_end();
    assert_eq!(count(), "0");
    // With a schema that is kept, it stays.
    let run = failing().run().failed();
    let line = run.errors.lines().find(|line| line.contains("psql '"));
    let kept = line.unwrap().split('\'').nth(1).unwrap();
    wait_for_comment(&main, "pg_database");
    users.end_the_host();
    assert_eq!(ask(kept, "SELECT id::text FROM evidence"), "7");
    server.release();
    state.wait_for_the_end();
}
