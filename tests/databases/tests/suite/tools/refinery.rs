//! The migrations of refinery.

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};

use super::{COLUMNS, columns, noted};

mod embedded {
    refinery::embed_migrations!("layouts/refinery");
}

use embedded::migrations::runner;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn migrate(url: &str) -> Result<(), BoxError> {
    let mut client = postgres::Client::connect(url, postgres::NoTls)?;
    runner().run(&mut client)?;
    Ok(())
}

/// A text that changes with each migration.
fn fingerprint() -> String {
    let runner = runner();
    let sums = runner
        .get_migrations()
        .iter()
        .map(refinery::Migration::checksum);
    format!("{:?}", sums.collect::<Vec<_>>())
}

#[isolated(db = Postgres::prepared("refinery", fingerprint(), migrate))]
mod run_by_the_tool {
    use super::{BoxError, COLUMNS, Database, columns, noted, runner};

    #[test]
    fn make_the_tables_and_are_noted(db: &Database) -> Result<(), postgres::Error> {
        assert_eq!(columns(db)?, COLUMNS);
        let names = noted(
            db,
            "SELECT name FROM refinery_schema_history ORDER BY version",
        )?;
        assert_eq!(names, ["customers", "orders"]);
        Ok(())
    }

    /// The program under test migrates when it starts.
    #[test]
    fn need_not_run_again(db: &Database) -> Result<(), BoxError> {
        let mut client = postgres::Client::connect(db.url(), postgres::NoTls)?;
        let report = runner().run(&mut client)?;
        assert!(report.applied_migrations().is_empty());
        Ok(())
    }
}

#[isolated(db = Postgres::migrations("layouts/refinery"))]
#[test]
fn the_same_files_without_the_tool(db: &Database) -> Result<(), postgres::Error> {
    assert_eq!(columns(db)?, COLUMNS);
    Ok(())
}
