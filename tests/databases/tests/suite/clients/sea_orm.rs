//! sea-orm, which connects by sqlx 0.8.

use isolated_test::isolated;
use isolated_test_postgres::Database;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use super::{shop, url};

async fn connect(db: &Database) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(db.url());
    options.max_connections(2);
    sea_orm::Database::connect(options).await
}

async fn text(client: &DatabaseConnection, sql: &str) -> Result<String, DbErr> {
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = client.query_one(statement).await?;
    row.expect("a row").try_get_by_index(0)
}

async fn store(client: &DatabaseConnection, name: &str) -> Result<(), DbErr> {
    let insert = "INSERT INTO customers VALUES (1, $1)";
    let insert = Statement::from_sql_and_values(DbBackend::Postgres, insert, [name.into()]);
    client.execute(insert).await?;
    assert_eq!(text(client, "SELECT name FROM customers").await?, name);
    Ok(())
}

#[isolated(db = shop(), client = value(connect(db).await?))]
mod pools {
    use super::{DatabaseConnection, DbErr, store};

    #[tokio::test]
    async fn store_a_customer(client: DatabaseConnection) -> Result<(), DbErr> {
        store(&client, "Ada").await
    }

    #[tokio::test]
    async fn store_another_with_the_same_key(client: &DatabaseConnection) -> Result<(), DbErr> {
        store(client, "Grace").await
    }
}

#[isolated(db = shop(), env(DATABASE_URL = db, PGHOST = "nowhere", PGPORT = 1, PGUSER = "nobody", PGDATABASE = "none"))]
#[tokio::test]
async fn the_variable_connects(db: &Database) -> Result<(), DbErr> {
    let client = sea_orm::Database::connect(url()).await?;
    let name = text(&client, "SELECT current_database()::text").await?;
    assert_eq!(name, db.name());
    Ok(())
}
