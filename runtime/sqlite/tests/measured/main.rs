//! Eight tests that each need a database with 40 tables, 80 indexes and 2,000 rows.
//!
//! `docs/benchmarks.md` says what they measure. The trace has the time that each test waited for its
//! database:
//!
//! ```sh
//! ISOLATED_TRACE=/tmp/trace ISOLATED_REPEAT=25 cargo test -p isolated-test-sqlite --test measured -- --ignored --test-threads=8
//! ```

use std::fmt::Write;

use isolated_test::isolated;
use isolated_test_sqlite::{Database, Sqlite};
use rusqlite::{Connection, Result};

fn shop() -> Sqlite {
    Sqlite::prepared("measured", 1, |db| {
        let mut sql = String::new();
        for table in 0..40 {
            let _ = write!(
                sql,
                "CREATE TABLE t{table} (
                     id integer PRIMARY KEY,
                     name text NOT NULL,
                     created text NOT NULL DEFAULT current_timestamp,
                     amount numeric,
                     parent integer
                 );
                 CREATE INDEX t{table}_by_name ON t{table} (name);
                 CREATE INDEX t{table}_by_parent ON t{table} (parent, created);
                 INSERT INTO t{table} (name, amount, parent)
                     WITH RECURSIVE s(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM s WHERE n < 50)
                     SELECT 'n' || n, n, n % 7 FROM s;"
            );
        }
        Connection::open(db)?.execute_batch(&sql)
    })
}

/// A test's work: 20 transactions.
fn work(db: &Database) -> Result<()> {
    let connection = Connection::open(db)?;
    for _ in 0..20 {
        connection.execute("INSERT INTO t1 (name) VALUES ('x')", [])?;
    }
    Ok(())
}

#[isolated(db = shop())]
mod eight {
    use isolated_test_sqlite::Database;
    use rusqlite::Result;

    use super::work;

    macro_rules! tests {
        ($($name:ident)*) => {
            $(
                #[test]
                #[ignore = "it measures"]
                fn $name(db: &Database) -> Result<()> {
                    work(db)
                }
            )*
        };
    }

    tests! { a b c d e f g h }
}
