//! 200 tests that each need a database with 40 tables, 80 indexes and 2,000 rows, and work for a while:
//! with a database for each, and with the one of `DATABASE_URL` for all.
//!
//! `docs/benchmarks.md` says what they measure. `cargo compare databases` runs both. The trace has the time
//! that each test waited for its database:
//!
//! ```sh
//! ISOLATED_TRACE=/tmp/trace PAUSE=200 cargo test -p isolated-test-postgres --test measured -- isolated:: --ignored --test-threads=8
//! ```

#![cfg(target_os = "linux")]

#[macro_use]
mod suite;
mod holder;

use std::env;
use std::fmt::Write;
use std::thread;
use std::time::Duration;

use isolated_test_postgres::Postgres;
use postgres::{Client, Error, NoTls};

/// A database, or with the variable `TRANSACTION` a transaction that is rolled back, or with `SCHEMA` a schema.
fn shop() -> Postgres {
    let database = database();
    if env::var_os("TRANSACTION").is_some() {
        database.transaction()
    } else if env::var_os("SCHEMA").is_some() {
        database.schema()
    } else {
        database
    }
}

/// With 40 tables, or as many as the variable `TABLES` says.
fn database() -> Postgres {
    let tables = env::var("TABLES")
        .ok()
        .and_then(|tables| tables.parse().ok());
    let tables: u32 = tables.unwrap_or(40);
    Postgres::prepared("measured", tables, move |url| {
        let mut sql = String::new();
        for table in 0..tables {
            let _ = write!(
                sql,
                "CREATE TABLE t{table} (
                     id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                     name text NOT NULL,
                     created timestamptz NOT NULL DEFAULT now(),
                     amount numeric(12, 2),
                     parent integer
                 );
                 CREATE INDEX t{table}_by_name ON t{table} (name);
                 CREATE INDEX t{table}_by_parent ON t{table} (parent, created);
                 INSERT INTO t{table} (name, amount, parent)
                     SELECT 'n' || n, n, n % 7 FROM generate_series(1, 50) n;"
            );
        }
        Client::connect(url, NoTls)?.batch_execute(&sql)
    })
}

/// The load that is measured, and no wait: a query that takes 20 ms, and the milliseconds of the
/// variable `PAUSE`.
fn work(url: &str) -> Result<(), Error> {
    let mut client = Client::connect(url, NoTls)?;
    client.batch_execute("INSERT INTO t1 (name) VALUES ('x'); SELECT pg_sleep(0.02)")?;
    let pause = env::var("PAUSE").ok().and_then(|pause| pause.parse().ok());
    thread::sleep(Duration::from_millis(pause.unwrap_or(0)));
    Ok(())
}

mod isolated {
    macro_rules! test {
        ($name:ident) => {
            #[isolated_test::isolated(db = crate::shop())]
            #[test]
            #[ignore = "it measures"]
            fn $name(db: &isolated_test_postgres::Database) -> Result<(), postgres::Error> {
                crate::work(db.url())
            }
        };
    }

    suite! { test }
}

mod shared {
    macro_rules! test {
        ($name:ident) => {
            #[test]
            #[ignore = "it measures"]
            fn $name() -> Result<(), postgres::Error> {
                crate::work(&std::env::var("DATABASE_URL").expect("a URL"))
            }
        };
    }

    suite! { test }
}
