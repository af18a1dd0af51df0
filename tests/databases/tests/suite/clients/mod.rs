//! One file for each client. Each connects by the URL in a variable, by the parts, and as a ready pool.
//!
//! Two tests of a client insert the same primary key, which would fail in one database.

mod diesel;
mod psql;
mod sea_orm;
mod sqlx;
mod tokio_postgres;

use isolated_test_postgres::Postgres;

fn shop() -> Postgres {
    Postgres::migrations("migrations")
}

/// The URL, as code under test reads it.
fn url() -> String {
    std::env::var("DATABASE_URL").expect("a URL in the environment")
}
