// The tests of one version, which is called `client`.

use client::PgPool;
use client::postgres::{PgConnectOptions, PgPoolOptions};
use isolated_test::isolated;
use isolated_test_postgres::Database;

use crate::clients::{shop, url};

async fn store(pool: &PgPool, name: &str) -> client::Result<()> {
    let insert = client::query("INSERT INTO customers VALUES (1, $1)").bind(name);
    insert.execute(pool).await?;
    let names = client::query_scalar("SELECT name FROM customers");
    let names: Vec<String> = names.fetch_all(pool).await?;
    assert_eq!(names, [name]);
    Ok(())
}

async fn database(pool: &PgPool) -> client::Result<String> {
    let name = client::query_scalar("SELECT current_database()::text");
    name.fetch_one(pool).await
}

#[isolated(db = shop(), pool = value(PgPool::connect(db.url()).await?))]
mod pools {
    use super::{PgPool, client, store};

    #[tokio::test]
    async fn store_a_customer(pool: PgPool) -> client::Result<()> {
        store(&pool, "Ada").await
    }

    #[tokio::test]
    async fn store_another_with_the_same_key(pool: &PgPool) -> client::Result<()> {
        store(pool, "Grace").await
    }
}

#[isolated(db = shop(), env(DATABASE_URL = db, PGHOST = "nowhere", PGPORT = 1, PGUSER = "nobody", PGDATABASE = "none"))]
#[tokio::test]
async fn the_variable_connects(db: &Database) -> client::Result<()> {
    let pool = PgPool::connect(&url()).await?;
    assert_eq!(database(&pool).await?, db.name());
    Ok(())
}

#[isolated(db = shop())]
#[tokio::test]
async fn the_parts_connect(db: &Database) -> client::Result<()> {
    let options = PgConnectOptions::new()
        .host(db.host())
        .port(db.port())
        .username(db.user())
        .password(db.password().unwrap_or_default())
        .database(db.name());
    let pool = PgPoolOptions::new().connect_with(options).await?;
    assert_eq!(database(&pool).await?, db.name());
    Ok(())
}

#[isolated(db = shop().schema())]
#[tokio::test]
async fn the_url_leads_to_a_schema(db: &Database) -> client::Result<()> {
    let pool = PgPool::connect(db.url()).await?;
    let schema = client::query_scalar("SELECT current_schema()::text");
    let schema: String = schema.fetch_one(&pool).await?;
    assert_eq!(Some(&*schema), db.schema());
    store(&pool, "Ada").await
}
