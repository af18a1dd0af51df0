//! `psql`, which connects by libpq.

use std::io;
use std::process::Command;

use isolated_test::isolated;
use isolated_test_postgres::Database;

use super::{shop, url};

/// Runs `psql` and returns what it prints.
fn psql(place: &[&str], sql: &str) -> io::Result<String> {
    let output = Command::new("psql")
        .args(["--no-psqlrc", "--no-align", "--tuples-only"])
        .args(place)
        .args(["--command", sql])
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn store(name: &str) -> io::Result<()> {
    let url = url();
    let insert = format!("INSERT INTO customers VALUES (1, '{name}')");
    psql(&[&url], &insert)?;
    assert_eq!(psql(&[&url], "SELECT name FROM customers")?, name);
    Ok(())
}

#[isolated(db = shop(), env(DATABASE_URL = db, PGHOST = "nowhere", PGPORT = 1, PGUSER = "nobody", PGDATABASE = "none"))]
mod variables {
    use super::{io, store};

    #[test]
    fn store_a_customer() -> io::Result<()> {
        store("Ada")
    }

    #[test]
    fn store_another_with_the_same_key() -> io::Result<()> {
        store("Grace")
    }
}

#[isolated(db = shop(), env(PGPASSWORD = db.password().unwrap_or_default()))]
#[test]
fn the_parts_connect(db: &Database) -> io::Result<()> {
    let port = db.port().to_string();
    let place = [
        ["--host", db.host()],
        ["--port", &port],
        ["--username", db.user()],
        ["--dbname", db.name()],
    ];
    let name = psql(place.as_flattened(), "SELECT current_database()")?;
    assert_eq!(name, db.name());
    Ok(())
}
