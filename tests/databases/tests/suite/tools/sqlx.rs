//! The migrations of sqlx.

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, PgConnection};

use super::{COLUMNS, columns, noted};

static MIGRATOR: Migrator = sqlx::migrate!("layouts/sqlx");

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn migrate(url: &str) -> Result<(), BoxError> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build()?;
    runtime.block_on(async {
        let mut client = PgConnection::connect(url).await?;
        MIGRATOR.run(&mut client).await?;
        client.close().await?;
        Ok(())
    })
}

/// A text that changes with each migration.
fn fingerprint() -> String {
    let sums = MIGRATOR.iter().map(|one| &*one.checksum);
    format!("{:?}", sums.collect::<Vec<_>>())
}

#[isolated(db = Postgres::prepared("sqlx", fingerprint(), migrate))]
mod run_by_the_tool {
    use super::{Connection, Database, MIGRATOR, MigrateError, PgConnection, columns, noted};

    #[test]
    fn make_the_tables_and_are_noted(db: &Database) -> Result<(), postgres::Error> {
        assert_eq!(columns(db)?, super::COLUMNS);
        let names = noted(
            db,
            "SELECT description FROM _sqlx_migrations ORDER BY version",
        )?;
        assert_eq!(names, ["customers", "orders"]);
        Ok(())
    }

    /// The program under test migrates when it starts.
    #[tokio::test]
    async fn may_run_again(db: &Database) -> Result<(), MigrateError> {
        let mut client = PgConnection::connect(db.url()).await?;
        MIGRATOR.run(&mut client).await
    }
}

#[isolated(db = Postgres::migrations("layouts/sqlx"))]
#[test]
fn the_same_files_without_the_tool(db: &Database) -> Result<(), postgres::Error> {
    assert_eq!(columns(db)?, COLUMNS);
    Ok(())
}
