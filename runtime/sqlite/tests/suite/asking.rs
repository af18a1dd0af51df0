//! Questions of tests, and of the outer tests around them, to a database.

use std::path::Path;

use rusqlite::Connection;

/// Runs a query that returns one text.
pub(crate) fn ask(path: impl AsRef<Path>, sql: &str) -> String {
    let connection = Connection::open(path).expect("a connection");
    connection
        .query_row(sql, [], |row| row.get(0))
        .expect("an answer")
}

/// The names of all tables.
pub(crate) fn tables(path: impl AsRef<Path>) -> String {
    let sql = "SELECT coalesce(group_concat(name), '') FROM \
               (SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name)";
    ask(path, sql)
}
