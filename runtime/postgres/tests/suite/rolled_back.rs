//! `transaction`: clients that work in a transaction which is rolled back.

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};
use postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::asking::{ask, psql};

pub(crate) fn shop() -> Postgres {
    Postgres::migrations("tests/migrations").transaction()
}

pub(crate) fn connect(db: &Database) -> Client {
    Client::connect(db.url(), NoTls).unwrap()
}

pub(crate) fn count(client: &mut Client) -> i64 {
    let row = client.query_one("SELECT count(*) FROM customers", &[]);
    row.unwrap().get(0)
}

pub(crate) fn insert(client: &mut Client, id: i32) -> Result<u64, postgres::Error> {
    client.execute("INSERT INTO customers VALUES ($1, 'Ada')", &[&id])
}

/// The keys differ from test to test, because tests that write the same one wait for each other.
#[isolated(db = shop(), client = value(connect(db)))]
mod statements {
    use postgres::Client;
    use postgres::error::SqlState;

    use super::{count, insert};

    #[test]
    fn a_failed_statement_undoes_itself_only(client: &mut Client) {
        insert(client, 10).unwrap();
        for _ in 0..2 {
            let error = insert(client, 10).unwrap_err();
            assert_eq!(error.code(), Some(&SqlState::UNIQUE_VIOLATION));
        }
        let error = client.batch_execute("INSERT INTO customers VALUES (11, 'x'); SELECT 1 / 0");
        assert_eq!(error.unwrap_err().code(), Some(&SqlState::DIVISION_BY_ZERO));
        insert(client, 11).unwrap();
        assert_eq!(count(client), 2);
    }

    #[test]
    fn transactions_commit_and_roll_back(client: &mut Client) {
        let mut transaction = client.transaction().unwrap();
        transaction
            .execute("INSERT INTO customers VALUES (20, 'a')", &[])
            .unwrap();
        let mut nested = transaction.transaction().unwrap();
        nested
            .execute("INSERT INTO customers VALUES (21, 'b')", &[])
            .unwrap();
        nested.rollback().unwrap();
        transaction.commit().unwrap();
        assert_eq!(count(client), 1);
        let mut transaction = client.transaction().unwrap();
        transaction.execute("DELETE FROM customers", &[]).unwrap();
        transaction.rollback().unwrap();
        assert_eq!(count(client), 1);
        // Without a word, as the client does it when the value is dropped.
        let mut transaction = client.transaction().unwrap();
        transaction.execute("DELETE FROM customers", &[]).unwrap();
        drop(transaction);
        assert_eq!(count(client), 1);
    }

    #[test]
    fn a_failed_transaction_accepts_nothing_and_is_rolled_back(client: &mut Client) {
        insert(client, 30).unwrap();
        client.batch_execute("BEGIN").unwrap();
        insert(client, 31).unwrap();
        insert(client, 31).unwrap_err();
        let error = client.batch_execute("SELECT 1").unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::IN_FAILED_SQL_TRANSACTION));
        let error = client.batch_execute("BEGIN").unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::IN_FAILED_SQL_TRANSACTION));
        client.batch_execute("COMMIT").unwrap();
        assert_eq!(count(client), 1);
        client
            .batch_execute("BEGIN; INSERT INTO customers VALUES (32, 'x')")
            .unwrap();
        insert(client, 32).unwrap_err();
        client.batch_execute("ROLLBACK").unwrap();
        assert_eq!(count(client), 1);
    }

    #[test]
    fn statements_about_transactions_may_be_prepared(client: &mut Client) {
        let begin = client.prepare("BEGIN").unwrap();
        let commit = client.prepare("COMMIT").unwrap();
        let rollback = client.prepare("ROLLBACK").unwrap();
        for (id, end, left) in [(40, &commit, 1), (41, &rollback, 1), (42, &commit, 2)] {
            client.execute(&begin, &[]).unwrap();
            insert(client, id).unwrap();
            client.execute(end, &[]).unwrap();
            assert_eq!(count(client), left);
        }
        client.execute(&begin, &[]).unwrap();
        insert(client, 43).unwrap();
        insert(client, 43).unwrap_err();
        client.execute(&commit, &[]).unwrap();
        assert_eq!(count(client), 2);
    }

    #[test]
    fn transactions_may_be_a_part_of_a_query(client: &mut Client) {
        let sql = "INSERT INTO customers VALUES (50, 'a'); BEGIN; INSERT INTO customers VALUES (51, 'b'); COMMIT; \
                   BEGIN; INSERT INTO customers VALUES (52, 'c'); ROLLBACK; SELECT 1 / 0";
        let error = client.batch_execute(sql).unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::DIVISION_BY_ZERO));
        assert_eq!(count(client), 2);
        client
            .batch_execute(
                "START TRANSACTION ISOLATION LEVEL SERIALIZABLE; SET TRANSACTION READ ONLY",
            )
            .unwrap();
        insert(client, 53).unwrap();
        client.batch_execute("COMMIT AND CHAIN").unwrap();
        insert(client, 54).unwrap();
        client.batch_execute("ABORT").unwrap();
        assert_eq!(count(client), 3);
    }

    #[test]
    fn a_failed_transaction_may_end_within_a_query(client: &mut Client) {
        client.batch_execute("BEGIN; SELECT 1 / 0").unwrap_err();
        client
            .batch_execute("ROLLBACK; BEGIN; INSERT INTO customers VALUES (70, 'x'); COMMIT")
            .unwrap();
        assert_eq!(count(client), 1);
        client
            .batch_execute("BEGIN; INSERT INTO customers VALUES (71, 'x'); SAVEPOINT s")
            .unwrap();
        insert(client, 71).unwrap_err();
        client.batch_execute("ROLLBACK TO s; COMMIT").unwrap();
        assert_eq!(count(client), 2);
    }

    #[test]
    fn a_commit_checks_deferred_constraints(client: &mut Client) {
        let sql = "CREATE TABLE parts (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)";
        client.batch_execute(sql).unwrap();
        client
            .batch_execute("BEGIN; INSERT INTO parts VALUES (1), (1), (2)")
            .unwrap();
        let error = client.batch_execute("COMMIT").unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::UNIQUE_VIOLATION));
        client
            .batch_execute("BEGIN; INSERT INTO parts VALUES (1), (1)")
            .unwrap();
        client
            .batch_execute("DELETE FROM parts; INSERT INTO parts VALUES (1); COMMIT")
            .unwrap();
        assert_eq!(client.query("SELECT 1 FROM parts", &[]).unwrap().len(), 1);
    }

    /// The guide lists these limits.
    #[test]
    fn a_commit_does_not_end_everything_that_it_would(client: &mut Client) {
        client
            .batch_execute(
                "BEGIN; SET LOCAL statement_timeout = 54321; CREATE TEMP TABLE stays (id int) ON COMMIT DROP; \
                 DECLARE c CURSOR WITH HOLD FOR SELECT 1; SELECT pg_advisory_xact_lock(55); COMMIT",
            )
            .unwrap();
        let left = "SELECT current_setting('statement_timeout') || (SELECT count(*) FROM stays) || \
                    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())";
        let left: String = client.query_one(left, &[]).unwrap().get(0);
        assert_eq!(left, "54321ms01");
        let error = client.batch_execute("FETCH c").unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::INVALID_CURSOR_NAME));
    }

    #[test]
    fn portals_and_cursors_end_with_their_transaction(client: &mut Client) {
        client
            .batch_execute("INSERT INTO customers SELECT n, 'x' FROM generate_series(60, 69) n")
            .unwrap();
        let sql = "SELECT id FROM customers ORDER BY id";
        for _ in 0..2 {
            let mut transaction = client.transaction().unwrap();
            let portal = transaction.bind(sql, &[]).unwrap();
            for first in [60, 64, 68] {
                let rows = transaction.query_portal(&portal, 4).unwrap();
                assert_eq!(rows[0].get::<_, i32>(0), first);
            }
            transaction
                .batch_execute("DECLARE c CURSOR FOR SELECT 1; FETCH c")
                .unwrap();
            transaction.commit().unwrap();
        }
        client
            .batch_execute("ALTER TABLE customers ADD more int")
            .unwrap();
    }
}

#[isolated(db = shop())]
#[test]
fn large_statements_and_answers_pass(db: &Database) {
    let mut client = connect(db);
    let large = "x".repeat(3_000_000);
    let row = client.query_one("SELECT $1::text", &[&large]).unwrap();
    assert!(row.get::<_, &str>(0) == large);
    let sql = format!("SELECT '{large}' UNION ALL SELECT repeat('y', 3000000)");
    assert_eq!(client.simple_query(&sql).unwrap().len(), 4);
}

#[isolated(db = shop())]
#[test]
fn connections_share_the_transaction_in_turns(db: &Database) {
    let (mut one, mut other) = (connect(db), connect(db));
    insert(&mut one, 200).unwrap();
    assert_eq!(count(&mut other), 1);
    // The names of prepared statements are the same in both.
    let [mine, yours] = [(&mut one, 1), (&mut other, 2)]
        .map(|(client, value)| client.prepare(&format!("SELECT {value}")).unwrap());
    for _ in 0..2 {
        assert_eq!(one.query_one(&mine, &[]).unwrap().get::<_, i32>(0), 1);
        assert_eq!(other.query_one(&yours, &[]).unwrap().get::<_, i32>(0), 2);
    }
    one.batch_execute("BEGIN").unwrap();
    insert(&mut one, 201).unwrap();
    let waiting = std::thread::spawn(move || count(&mut other));
    insert(&mut one, 202).unwrap();
    one.batch_execute("COMMIT").unwrap();
    assert_eq!(waiting.join().unwrap(), 3);
    // A connection that ends within a transaction takes it along.
    one.batch_execute("BEGIN; DELETE FROM customers").unwrap();
    drop(one);
    assert_eq!(count(&mut connect(db)), 3);
}

#[isolated(db = shop())]
#[test]
fn settings_last_until_the_last_connection_ends(db: &Database) {
    let mut config: Config = db.url().parse().unwrap();
    config
        .application_name("shop")
        .options("-c statement_timeout=1234");
    let mut one = config.connect(NoTls).unwrap();
    let settings =
        "SELECT current_setting('application_name') || current_setting('statement_timeout')";
    assert_eq!(
        one.query_one(settings, &[]).unwrap().get::<_, &str>(0),
        "shop1234ms"
    );
    one.batch_execute("BEGIN; SET statement_timeout = 5000; ROLLBACK")
        .unwrap();
    assert_eq!(
        one.query_one(settings, &[]).unwrap().get::<_, &str>(0),
        "shop1234ms"
    );
    one.batch_execute("DISCARD ALL").unwrap();
    one.batch_execute("SELECT 1 / 0").unwrap_err();
    assert_eq!(one.query_one(settings, &[]).unwrap().get::<_, &str>(0), "0");
    one.batch_execute("SET statement_timeout = 6000; CREATE TEMP TABLE stays (id int)")
        .unwrap();
    one.close().unwrap();
    // The end of a connection is noticed a little later.
    while ask(db.url(), settings) != "0" {}
    let refused = psql(
        &format!("{}?options=-c%20nothing%3D1", db.url()),
        "SELECT 1",
    );
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert!(
        errors.contains("unrecognized configuration parameter \"nothing\""),
        "{errors}"
    );
    assert_eq!(ask(db.url(), "SELECT count(*)::text FROM stays"), "0");
}

#[isolated(db = shop())]
#[test]
fn the_end_of_a_connection_leaves_the_settings_of_a_new_one(db: &Database) {
    let mut config: Config = db.url().parse().unwrap();
    config.options("-c statement_timeout=61234");
    let connect_often = || {
        for _ in 0..300 {
            let mut client = config.connect(NoTls).unwrap();
            for _ in 0..2 {
                let shown = client.simple_query("SHOW statement_timeout").unwrap();
                let shown = shown.iter().find_map(|message| match message {
                    SimpleQueryMessage::Row(row) => row.get(0),
                    _ => None,
                });
                assert_eq!(shown, Some("61234ms"));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(connect_often);
        }
    });
}

#[isolated(db = shop())]
#[test]
fn refusals_say_why(db: &Database) {
    let mut client = connect(db);
    for (sql, message, hint) in [
        (
            "CREATE DATABASE more",
            "CREATE DATABASE cannot run inside a transaction block",
            "the test runs in a transaction that is rolled back; give the test a database of its own: \
             leave out `.transaction()`",
        ),
        (
            "listen news",
            "LISTEN has no effect in a test whose transaction is rolled back",
            "give the test a database of its own: leave out `.transaction()`",
        ),
        (
            "PREPARE TRANSACTION 'x'",
            "PREPARE TRANSACTION has no effect in a test whose transaction is rolled back",
            "give the test a database of its own: leave out `.transaction()`",
        ),
    ] {
        for error in [
            client.batch_execute(sql),
            client.execute(sql, &[]).map(drop),
        ] {
            let error = error.unwrap_err();
            let error = error.as_db_error().unwrap();
            assert_eq!((error.message(), error.hint()), (message, Some(hint)));
        }
    }
    insert(&mut client, 300).unwrap();
    assert_eq!(count(&mut client), 1);
}

#[isolated(db = shop())]
#[test]
fn psql_works_too(db: &Database) {
    let output = psql(
        db.url(),
        "BEGIN; INSERT INTO customers VALUES (400, 'Ada') RETURNING id; COMMIT; TABLE customers",
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        text, "BEGIN\n400\nINSERT 0 1\nCOMMIT\n400|Ada\n",
        "{output:?}"
    );
    let output = psql(db.url(), "ROLLBACK; DELETE FROM customers; ROLLBACK");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text, "ROLLBACK\nDELETE 1\nROLLBACK\n", "{output:?}");
}
