//! The database that a test gets.

use std::process::Command;

use isolated_test::isolated;
use isolated_test_sqlite::{Database, Sqlite};
use rusqlite::Connection;

use crate::asking::{ask, tables};

fn shop() -> Sqlite {
    Sqlite::migrations("tests/migrations").seed("tests/seed.sql")
}

#[isolated(db = Sqlite::empty(), env(DATABASE_URL = db))]
#[test]
fn an_empty_database_and_a_variable(db: &Database) {
    let url = std::env::var("DATABASE_URL").unwrap();
    assert_eq!(url, db.url());
    if cfg!(unix) {
        assert_eq!(url, format!("sqlite://{}", db.path().display()));
    }
    assert!(db.path().is_file());
    assert_eq!(tables(db), "");
}

#[isolated(db = shop(), connection = value(Connection::open(db)?))]
mod migrated {
    use rusqlite::Connection;

    fn names(connection: &Connection) -> String {
        let sql = "SELECT group_concat(name) FROM (SELECT name FROM customers ORDER BY id)";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Both insert the same row, so they would not pass in one database.
    #[test]
    fn one_test_inserts(connection: &Connection) {
        connection
            .execute("INSERT INTO customers VALUES (3, 'Mary')", [])
            .unwrap();
        assert_eq!(names(connection), "Ada,Grace,Mary");
    }

    #[test]
    fn another_inserts_the_same(connection: &Connection) {
        connection
            .execute("INSERT INTO customers VALUES (3, 'Joan')", [])
            .unwrap();
        assert_eq!(names(connection), "Ada,Grace,Joan");
    }

    #[test]
    fn all_migrations_have_run(connection: &Connection) {
        let sql = "SELECT name FROM sqlite_schema WHERE name LIKE '%_by_%'";
        let index: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(index, "orders_by_customer");
        let mode: String = connection
            .query_row("PRAGMA journal_mode", [], |row| row.get(0))
            .unwrap();
        assert_eq!(mode, "wal", "a migration has chosen it");
    }
}

#[isolated(db = shop())]
#[test]
fn the_program_opens_it_too(db: &Database) {
    let mut sqlite3 = Command::new("sqlite3");
    let sqlite3 = sqlite3.arg(db.path()).arg("SELECT count(*) FROM customers");
    let output = sqlite3.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "2");
}

#[isolated(process, db = shop(), env(DATABASE_URL = db))]
#[test]
fn a_subprocess_has_the_database_of_its_parent(db: Database) {
    assert_eq!(std::env::var("DATABASE_URL").as_deref(), Ok(db.url()));
    assert_eq!(ask(&db, "SELECT max(name) FROM customers"), "Grace");
}

const SCHEMA: &str = "CREATE TABLE prepared (id integer)";

fn prepare(db: &Database) -> rusqlite::Result<()> {
    Connection::open(db)?.execute_batch(SCHEMA)
}

#[isolated(db = Sqlite::prepared("suite", SCHEMA, prepare))]
#[test]
fn a_function_may_prepare_the_database(db: &Database) {
    assert_eq!(tables(db), "prepared");
}

#[isolated(db = Sqlite::empty(), other = shop())]
#[test]
fn a_test_may_have_two_databases(db: &Database, other: &Database) {
    assert_ne!(db, other);
    assert_eq!(tables(db), "");
    assert_eq!(tables(other), "customers,orders");
}
