//! A database that lasts as long as a command runs.

use std::env;
use std::process::Command;
use std::time::Instant;

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};

/// Runs the command of `MEASURED_COMMAND`, one word on each line, with the database in `DATABASE_URL`.
/// Prints how many seconds it took.
fn run(db: &Database) {
    let command = env::var("MEASURED_COMMAND").expect("a command");
    let mut words = command.lines();
    let mut command = Command::new(words.next().expect("a program"));
    command.args(words).env("DATABASE_URL", db.url());
    let start = Instant::now();
    let status = command.status().expect("the program starts");
    println!("\ntook {}", start.elapsed().as_secs_f64());
    assert!(status.success(), "the command has ended with {status}");
}

#[isolated(db = Postgres::empty())]
#[test]
#[ignore = "it measures"]
fn empty(db: &Database) {
    run(db);
}

#[isolated(db = crate::shop())]
#[test]
#[ignore = "it measures"]
fn shop(db: &Database) {
    run(db);
}
