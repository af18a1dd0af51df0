//! 200 tests with 100 migrations: each test runs all of them with `sqlx::test`, and one does with isolated-test.
//!
//! `cargo compare databases` runs both. With `sqlx::test`, `DATABASE_URL` names a server.

#[macro_use]
#[path = "../../../../runtime/postgres/tests/measured/suite.rs"]
mod suite;

use std::borrow::Cow;
use std::sync::LazyLock;

use isolated_test_postgres::Postgres;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, PgConnection, PgPool};

/// Migrations as they pile up: 40 tables, 40 indexes, 20 new columns.
static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let sql = |number| match number {
        0..40 => format!(
            "CREATE TABLE t{number} (
                 id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                 name text NOT NULL,
                 created timestamptz NOT NULL DEFAULT now(),
                 amount numeric(12, 2)
             )"
        ),
        40..80 => format!("CREATE INDEX ON t{} (name)", number - 40),
        _ => format!("ALTER TABLE t{} ADD COLUMN note text", number - 80),
    };
    let migration = |number: i64| {
        let (name, sql) = (number.to_string().into(), sql(number).into());
        Migration::new(number, name, MigrationType::Simple, sql, false)
    };
    Migrator {
        migrations: Cow::Owned((0..100).map(migration).collect()),
        ..Migrator::DEFAULT
    }
});

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn migrate(url: &str) -> Result<(), BoxError> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build()?.block_on(async {
        let mut client = PgConnection::connect(url).await?;
        MIGRATOR.run(&mut client).await?;
        Ok(())
    })
}

fn hundred() -> Postgres {
    let sums: Vec<_> = MIGRATOR.iter().map(|one| &one.checksum).collect();
    Postgres::prepared("hundred", format!("{sums:?}"), migrate)
}

async fn work(pool: &PgPool) -> sqlx::Result<()> {
    let insert = sqlx::query("INSERT INTO t1 (name, note) VALUES ('x', 'y')");
    insert.execute(pool).await?;
    let count = sqlx::query_scalar("SELECT count(*) FROM t1");
    let count: i64 = count.fetch_one(pool).await?;
    assert_eq!(count, 1);
    Ok(())
}

mod isolated {
    macro_rules! test {
        ($name:ident) => {
            #[isolated_test::isolated(db = crate::hundred(), pool = value(sqlx::PgPool::connect(db.url()).await?))]
            #[tokio::test]
            #[ignore = "it measures"]
            async fn $name(pool: sqlx::PgPool) -> sqlx::Result<()> {
                crate::work(&pool).await
            }
        };
    }

    suite! { test }
}

mod sqlx_test {
    macro_rules! test {
        ($name:ident) => {
            #[sqlx::test(migrator = "crate::MIGRATOR")]
            #[ignore = "it measures"]
            async fn $name(pool: sqlx::PgPool) -> sqlx::Result<()> {
                crate::work(&pool).await
            }
        };
    }

    suite! { test }
}
