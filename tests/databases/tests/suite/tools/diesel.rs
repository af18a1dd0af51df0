//! The migrations of diesel.

use diesel::{Connection, PgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};

use super::{COLUMNS, columns, noted};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("layouts/diesel");

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn migrate(url: &str) -> Result<(), BoxError> {
    PgConnection::establish(url)?.run_pending_migrations(MIGRATIONS)?;
    Ok(())
}

/// diesel never changes a migration that has run: a new name stands for each change.
fn fingerprint() -> String {
    use diesel::migration::{Migration, MigrationSource};
    use diesel::pg::Pg;

    let all: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().expect("migrations");
    all.iter().map(|one| one.name().to_string()).collect()
}

#[isolated(db = Postgres::prepared("diesel", fingerprint(), migrate))]
mod run_by_the_tool {
    use super::{
        BoxError, COLUMNS, Connection, Database, MIGRATIONS, MigrationHarness, PgConnection,
    };

    #[test]
    fn make_the_tables_and_are_noted(db: &Database) -> Result<(), postgres::Error> {
        assert_eq!(super::columns(db)?, COLUMNS);
        let sql = "SELECT version FROM __diesel_schema_migrations ORDER BY 1";
        let versions = super::noted(db, sql)?;
        assert!(versions.ends_with(&["20240131000000".into(), "20240201000000".into()]));
        Ok(())
    }

    /// The program under test migrates when it starts.
    #[test]
    fn need_not_run_again(db: &Database) -> Result<(), BoxError> {
        let mut client = PgConnection::establish(db.url())?;
        assert!(!client.has_pending_migration(MIGRATIONS)?);
        Ok(())
    }
}

#[isolated(db = Postgres::migrations("layouts/diesel"))]
#[test]
fn the_same_files_without_the_tool(db: &Database) -> Result<(), postgres::Error> {
    assert_eq!(columns(db)?, COLUMNS);
    let tables = "SELECT tablename::text FROM pg_tables WHERE tablename LIKE '\\_\\_diesel%'";
    assert_eq!(noted(db, tables)?, [] as [&str; 0]);
    Ok(())
}
