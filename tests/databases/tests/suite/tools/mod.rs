//! Migrations that the real tools run, with the tables in which they note what has run.
//!
//! The same files without their tool make the same tables.

mod diesel;
mod refinery;
mod sqlx;

use isolated_test_postgres::Database;

/// The columns of the tables that the migrations make.
fn columns(db: &Database) -> Result<Vec<String>, postgres::Error> {
    let mut client = postgres::Client::connect(db.url(), postgres::NoTls)?;
    let sql = "SELECT table_name || '.' || column_name || ' ' || data_type \
               FROM information_schema.columns WHERE table_name IN ('customers', 'orders') ORDER BY 1";
    let rows = client.query(sql, &[])?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

const COLUMNS: [&str; 4] = [
    "customers.id integer",
    "customers.name text",
    "orders.customer integer",
    "orders.id integer",
];

/// The notes of a tool.
fn noted(db: &Database, sql: &str) -> Result<Vec<String>, postgres::Error> {
    let mut client = postgres::Client::connect(db.url(), postgres::NoTls)?;
    let rows = client.query(sql, &[])?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
