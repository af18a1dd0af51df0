//! tokio-postgres, alone and in a pool of deadpool.

use deadpool_postgres::{Manager, Pool};
use isolated_test::isolated;
use isolated_test_postgres::Database;
use tokio_postgres::{Client, Config, Error, NoTls};

use super::{shop, url};

type BoxError = Box<dyn std::error::Error>;

fn pool(db: &Database) -> Result<Pool, BoxError> {
    let manager = Manager::new(db.url().parse()?, NoTls);
    Ok(Pool::builder(manager).max_size(2).build()?)
}

/// Connects with a task that stays until the client is dropped.
async fn connect(config: &Config) -> Result<Client, Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn store(client: &Client, name: &str) -> Result<(), Error> {
    let insert = "INSERT INTO customers VALUES (1, $1)";
    client.execute(insert, &[&name]).await?;
    let row = client.query_one("SELECT name FROM customers", &[]).await?;
    assert_eq!(row.get::<_, &str>(0), name);
    Ok(())
}

async fn database(client: &Client) -> Result<String, Error> {
    let sql = "SELECT current_database()::text";
    Ok(client.query_one(sql, &[]).await?.get(0))
}

#[isolated(db = shop(), client = value(connect(&db.url().parse()?).await?))]
mod clients {
    use super::{Client, Error, store};

    #[tokio::test]
    async fn store_a_customer(client: Client) -> Result<(), Error> {
        store(&client, "Ada").await
    }

    #[tokio::test]
    async fn store_another_with_the_same_key(client: &Client) -> Result<(), Error> {
        store(client, "Grace").await
    }
}

#[isolated(db = shop(), pool = value(pool(db)?))]
mod pools {
    use super::{BoxError, Pool, store};

    #[tokio::test]
    async fn store_a_customer(pool: Pool) -> Result<(), BoxError> {
        Ok(store(&**pool.get().await?, "Ada").await?)
    }

    #[tokio::test]
    async fn store_another_with_the_same_key(pool: &Pool) -> Result<(), BoxError> {
        Ok(store(&**pool.get().await?, "Grace").await?)
    }
}

#[isolated(db = shop(), env(DATABASE_URL = db, PGHOST = "nowhere", PGPORT = 1, PGUSER = "nobody", PGDATABASE = "none"))]
#[tokio::test]
async fn the_variable_connects(db: &Database) -> Result<(), Error> {
    let client = connect(&url().parse()?).await?;
    assert_eq!(database(&client).await?, db.name());
    Ok(())
}

#[isolated(db = shop())]
#[tokio::test]
async fn the_parts_connect(db: &Database) -> Result<(), Error> {
    let mut config = Config::new();
    config
        .host(db.host())
        .port(db.port())
        .user(db.user())
        .password(db.password().unwrap_or_default())
        .dbname(db.name());
    assert_eq!(database(&connect(&config).await?).await?, db.name());
    Ok(())
}
