//! How such tests are written without a database for each: what the guide shows under "before", run.

use std::process::{Command, Output};

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};

/// They are started with the URL of a database that they share.
mod inner {
    use isolated_test::isolated;
    use sqlx::{PgPool, Result};

    async fn store(pool: &PgPool, name: &str) -> Result<()> {
        let insert = sqlx::query("INSERT INTO customers VALUES (1, $1)").bind(name);
        insert.execute(pool).await?;
        let names = sqlx::query_scalar("SELECT name FROM customers");
        let names: Vec<String> = names.fetch_all(pool).await?;
        assert_eq!(names, [name]);
        Ok(())
    }

    async fn connect() -> Result<PgPool> {
        PgPool::connect(&std::env::var("DATABASE_URL").expect("a URL")).await
    }

    mod shared {
        use super::{Result, connect, store};

        #[tokio::test]
        #[ignore = "started by another test"]
        async fn store_a_customer() -> Result<()> {
            store(&connect().await?, "Ada").await
        }

        #[tokio::test]
        #[ignore = "started by another test"]
        async fn store_another_with_the_same_key() -> Result<()> {
            store(&connect().await?, "Grace").await
        }
    }

    #[isolated(serial = "database of the tests before")]
    mod serial {
        use super::{Result, connect, store};

        async fn clean() -> Result<sqlx::PgPool> {
            let pool = connect().await?;
            sqlx::query("TRUNCATE customers, orders")
                .execute(&pool)
                .await?;
            Ok(pool)
        }

        #[tokio::test]
        #[ignore = "started by another test"]
        async fn store_a_customer() -> Result<()> {
            store(&clean().await?, "Ada").await
        }

        #[tokio::test]
        #[ignore = "started by another test"]
        async fn store_another_with_the_same_key() -> Result<()> {
            store(&clean().await?, "Grace").await
        }
    }

    mod sqlx_test {
        use isolated_test::{TmpDir, isolated};

        use super::{PgPool, Result, store};

        #[sqlx::test]
        #[ignore = "started by another test"]
        async fn store_a_customer(pool: PgPool) -> Result<()> {
            store(&pool, "Ada").await
        }

        #[isolated(tmpdir)]
        #[sqlx::test]
        #[ignore = "started by another test"]
        async fn store_the_same_key_in_an_isolated_test(
            pool: PgPool,
            tmpdir: &TmpDir,
        ) -> Result<()> {
            assert!(tmpdir.is_dir());
            store(&pool, "Grace").await
        }
    }
}

/// Runs both tests of a module with a database. Returns how many passed, and all output.
fn run(module: &str, db: &Database) -> (usize, Output) {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args([&format!("before::inner::{module}::"), "--ignored"])
        .args(["--test-threads", "2"])
        .env("DATABASE_URL", db.url())
        .output()
        .expect("the tests before");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("\nrunning 2 tests\n"), "{text}");
    (text.matches(" ... ok\n").count(), output)
}

#[isolated(db = Postgres::migrations("migrations"))]
mod in_one_database {
    use super::{Database, run};

    #[test]
    fn tests_with_the_same_key_collide(db: &Database) {
        let (passed, output) = run("shared", db);
        assert_eq!(passed, 1, "{output:?}");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("duplicate key value"), "{text}");
    }

    #[test]
    fn they_pass_one_at_a_time(db: &Database) {
        let (passed, output) = run("serial", db);
        assert_eq!(passed, 2, "{output:?}");
    }
}

#[isolated(db = Postgres::empty())]
#[test]
fn a_server_for_sqlx_test(db: &Database) {
    let (passed, output) = run("sqlx_test", db);
    assert_eq!(passed, 2, "{output:?}");
}

/// sqlx makes a database of its own on the server.
#[isolated(db = Postgres::empty(), env(DATABASE_URL = db))]
#[sqlx::test]
async fn sqlx_test_stays_above_a_server(pool: sqlx::PgPool, db: &Database) -> sqlx::Result<()> {
    let name = sqlx::query_scalar("SELECT current_database()::text");
    let name: String = name.fetch_one(&pool).await?;
    assert_ne!(name, db.name());
    Ok(())
}
