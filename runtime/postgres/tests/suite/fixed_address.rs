//! `at`: code under test whose configuration a test cannot reach.

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};
use isolated_test_tests::State;
use isolated_test_tests::refusal::networks_are_refused;
use postgres::{Client, NoTls};

use crate::asking::{Servers, ask, psql};

const WIRED_IN: &str = "postgres://shop:secret@localhost:5432/shop_production";

fn shop() -> Postgres {
    Postgres::migrations("tests/migrations").at("localhost:5432")
}

/// The code under test.
fn store(id: i32) -> Result<u64, postgres::Error> {
    let mut client = Client::connect(WIRED_IN, NoTls)?;
    client.execute("INSERT INTO customers VALUES ($1, 'Ada')", &[&id])
}

/// Each test inserts the same rows, so they would not pass in one database.
#[isolated(network(or = "skip"), db = shop())]
mod wired_in {
    use isolated_test_postgres::Database;

    use super::{ask, store};

    #[test]
    fn one_test_stores(db: &Database) {
        assert_eq!(store(1).unwrap(), 1);
        assert_eq!(store(2).unwrap(), 1);
        assert_eq!(ask(db.url(), "SELECT count(*)::text FROM customers"), "2");
    }

    #[test]
    fn another_stores_the_same() {
        assert_eq!(store(1).unwrap(), 1);
        let sql = "SELECT string_agg(id::text, ',') FROM customers";
        assert_eq!(ask(super::WIRED_IN, sql), "1");
    }
}

#[isolated(network(or = "skip"), db = shop())]
#[test]
fn every_name_and_every_program_get_the_database_of_the_test(db: &Database) {
    for url in [
        "postgres://a:b@localhost/c",
        "postgres://127.0.0.1:5432/postgres",
        "postgres://[::1]/d?user=e&sslmode=prefer",
    ] {
        let output = psql(url, "SELECT current_database(), current_user");
        let expected = format!("{}|{}\n", db.name(), db.user());
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            expected,
            "{url}: {output:?}"
        );
    }
}

#[isolated(network(or = "skip"), db = shop())]
#[test]
fn parameters_reach_the_server_and_errors_the_client() {
    let url = format!("{WIRED_IN}?application_name=shop&options=-c%20statement_timeout%3D1234");
    let sql = "SELECT current_setting('application_name') || current_setting('statement_timeout')";
    assert_eq!(ask(&url, sql), "shop1234ms");
    let error = Client::connect(&format!("{WIRED_IN}?options=-c%20nothing%3D1"), NoTls);
    let error = error.err().unwrap();
    assert_eq!(
        error.code(),
        Some(&postgres::error::SqlState::UNDEFINED_OBJECT)
    );
    let message = error.as_db_error().unwrap().message();
    assert!(message.contains("nothing"), "{message}");
}

#[isolated(network(or = "skip"), db = shop())]
#[test]
fn a_statement_can_be_cancelled() {
    let mut client = Client::connect(WIRED_IN, NoTls).unwrap();
    let cancel = client.cancel_token();
    let sleeping =
        std::thread::spawn(move || client.batch_execute("SELECT pg_sleep(60)").unwrap_err());
    // Too early, it has no effect.
    while !sleeping.is_finished() {
        cancel.cancel_query(NoTls).unwrap();
    }
    let error = sleeping.join().unwrap();
    assert_eq!(
        error.code(),
        Some(&postgres::error::SqlState::QUERY_CANCELED)
    );
}

#[isolated(network(or = "skip"), db = shop())]
#[test]
fn data_can_be_copied() {
    use std::io::{Read, Write};

    let mut client = Client::connect(WIRED_IN, NoTls).unwrap();
    let rows = (0..20_000).fold(String::new(), |rows, id| {
        rows + &format!("{id}\tname {id}\n")
    });
    let mut writer = client.copy_in("COPY customers FROM STDIN").unwrap();
    writer.write_all(rows.as_bytes()).unwrap();
    assert_eq!(writer.finish().unwrap(), 20_000);
    let mut copied = String::new();
    let mut reader = client.copy_out("COPY customers TO STDOUT").unwrap();
    reader.read_to_string(&mut copied).unwrap();
    assert!(copied == rows, "{} of {} bytes", copied.len(), rows.len());
}

#[isolated(network(or = "skip"), db = shop().at("127.0.0.7:7432"))]
#[test]
fn it_may_be_another_address() {
    let connect = |url| Client::connect(url, NoTls);
    assert!(connect("postgres://a@127.0.0.7:7432/b").is_ok());
    assert!(connect(WIRED_IN).is_err());
}

mod inner {
    use isolated_test::isolated;
    use isolated_test_postgres::Postgres;
    use isolated_test_tests::say;

    #[isolated(db = super::shop())]
    #[test]
    #[ignore = "started by another test"]
    fn has_no_network() {
        say("body");
    }

    #[isolated(network, db = Postgres::empty().at("db.example:5432"))]
    #[test]
    #[ignore = "started by another test"]
    fn names_another_machine() {
        say("body");
    }

    #[isolated(network, db = super::shop())]
    #[test]
    #[ignore = "started by another test"]
    fn stores_in_its_network() {
        let stored = super::store(1);
        assert!(matches!(stored, Ok(1)), "{stored:?}");
        say("stored");
    }
}

#[test]
fn without_a_network_it_is_refused() {
    let state = State::new();
    let run = state.user("has_no_network").run().failed();
    assert_eq!(
        state.complaint(&run),
        "isolated-test: suite::fixed_address::inner::has_no_network: failed to provision the resource `db`: \
         `at` needs a network in which nobody else has localhost:5432; write `network` in the attribute, \
         and do not turn subprocesses off"
    );
    assert!(run.said("body").is_none());
    if networks_are_refused() {
        return state.end_the_host();
    }
    let run = state.user("names_another_machine").run().failed();
    assert_eq!(
        state.complaint(&run),
        "isolated-test: suite::fixed_address::inner::names_another_machine: failed to provision the resource \
         `db`: expected `at` to be an address of the loopback interface, such as `localhost:5432`; \
         found `db.example:5432`"
    );
    // After failures it would wait for people.
    state.end_the_host();
}

#[test]
fn an_ordinary_user_has_it_too() {
    if networks_are_refused() {
        return;
    }
    let state = State::new();
    let home = state.scratch();
    let user = state
        .inner_as_nobody("stores_in_its_network")
        .env("HOME", &home);
    let run = user.env("ISOLATED_LINGER", "50ms").run().passed();
    assert!(run.said("stored").is_some());
    state.wait_for_the_end();
}
