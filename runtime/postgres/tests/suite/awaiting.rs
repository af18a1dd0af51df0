//! Databases that an asynchronous function has prepared.

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};
use isolated_test_tests::State;
use tokio_postgres::{Client, Error, NoTls};

use crate::asking::{Servers, ask, replace_a_killed_builder};

const SCHEMA: &str = "CREATE TABLE awaited (id int)";

/// Spawns the task of its connection, which ends with the runtime.
async fn connect(url: &str) -> Result<Client, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Leaves its connection open.
async fn migrate(url: &str) -> Result<(), Error> {
    let client = connect(url).await?;
    client.batch_execute(SCHEMA).await?;
    std::mem::forget(client);
    Ok(())
}

fn prepared() -> Postgres {
    Postgres::prepared_async("awaited", SCHEMA, migrate)
}

#[isolated(db = prepared())]
#[tokio::test]
async fn an_asynchronous_test_has_it(db: &Database) -> Result<(), Error> {
    let client = connect(db.url()).await?;
    client
        .execute("INSERT INTO awaited VALUES (1)", &[])
        .await?;
    Ok(())
}

#[isolated(db = prepared())]
#[test]
fn a_synchronous_test_has_it(db: &Database) {
    assert_eq!(ask(db.url(), "SELECT count(*)::text FROM awaited"), "0");
}

#[isolated(db = prepared(), env(DATABASE_URL = db))]
#[test]
fn a_variable_names_it() {
    let url = std::env::var("DATABASE_URL").unwrap();
    assert_eq!(ask(&url, "SELECT count(*)::text FROM awaited"), "0");
}

mod inner {
    use std::io::{Error, Result};

    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::{hold, say};

    #[isolated(db = super::prepared(), env(DATABASE_URL = db))]
    #[test]
    #[ignore = "started by another test"]
    fn has_it() {
        let url = std::env::var("DATABASE_URL").unwrap();
        assert_eq!(super::ask(&url, "SELECT count(*)::text FROM awaited"), "0");
    }

    async fn fail(_: &str) -> Result<()> {
        say("builds");
        tokio::task::yield_now().await;
        Err(Error::other("no money"))
    }

    #[isolated(db = Postgres::prepared_async("failing", 1, fail))]
    #[test]
    #[ignore = "started by another test"]
    fn fails() {}

    async fn panic(_: &str) -> Result<()> {
        say("builds");
        tokio::task::yield_now().await;
        panic!("no idea")
    }

    #[isolated(db = Postgres::prepared_async("panicking", 1, panic))]
    #[test]
    #[ignore = "started by another test"]
    fn panics() {}

    async fn wait(url: &str) -> Result<()> {
        say(&format!("builds {url}"));
        hold();
        Ok(())
    }

    #[isolated(db = Postgres::prepared_async("waiting", 1, wait))]
    #[test]
    #[ignore = "started by another test"]
    fn waits(db: &Database) {
        say(&format!("url {}", db.url()));
        hold();
    }
}

/// The server of the tests above may have the template of an earlier run.
#[test]
fn a_new_server_is_prepared() {
    let state = State::new();
    state.user("has_it").run().passed();
    state.wait_for_the_end();
}

#[test]
fn an_error_fails_each_test_and_a_panic_only_one() {
    let state = State::new();
    // The host stays for all of them.
    let mut keeps = state.user_of_empty().start();
    keeps.hear("url");
    for (test, why, is_lasting) in [
        ("fails", "failed to prepare `failing`: no money", true),
        ("panics", "no idea", false),
    ] {
        for nth in 0..2 {
            let run = state.user(test).run().failed();
            assert_eq!(
                run.said("builds").is_some(),
                nth == 0 || !is_lasting,
                "{test}"
            );
            let start = format!("isolated-test: suite::awaiting::inner::{test}: ");
            let expected = format!("{start}failed to provision the resource `db`: {why}");
            assert_eq!(state.complaint(&run), expected);
        }
    }
    keeps.release();
    // It would wait for people after the failures.
    state.end_the_host();
}

#[test]
fn a_killed_builder_is_replaced() {
    let state = State::new();
    replace_a_killed_builder(|| state.user("waits").start());
    state.wait_for_the_end();
}
