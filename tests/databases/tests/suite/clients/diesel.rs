//! diesel, which connects by libpq.

use diesel::r2d2::{ConnectionManager, Pool};
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query};
use isolated_test::isolated;
use isolated_test_postgres::Database;

use super::{shop, url};

type PgPool = Pool<ConnectionManager<PgConnection>>;
type BoxError = Box<dyn std::error::Error>;

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

fn pool(db: &Database) -> Result<PgPool, BoxError> {
    let manager = ConnectionManager::new(db.url());
    Ok(Pool::builder().max_size(2).build(manager)?)
}

fn names(client: &mut PgConnection, sql: &str) -> QueryResult<Vec<String>> {
    let rows: Vec<Name> = sql_query(sql).load(client)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

fn store(pool: &PgPool, name: &str) -> Result<(), BoxError> {
    let insert = sql_query("INSERT INTO customers VALUES (1, $1)");
    insert.bind::<Text, _>(name).execute(&mut pool.get()?)?;
    let names = names(&mut *pool.get()?, "SELECT name FROM customers")?;
    assert_eq!(names, [name]);
    Ok(())
}

fn database(client: &mut PgConnection) -> QueryResult<Vec<String>> {
    names(client, "SELECT current_database()::text AS name")
}

#[isolated(db = shop(), pool = value(pool(db)?))]
mod pools {
    use super::{BoxError, PgPool, store};

    #[test]
    fn store_a_customer(pool: PgPool) -> Result<(), BoxError> {
        store(&pool, "Ada")
    }

    #[test]
    fn store_another_with_the_same_key(pool: &PgPool) -> Result<(), BoxError> {
        store(pool, "Grace")
    }
}

#[isolated(db = shop(), env(DATABASE_URL = db, PGHOST = "nowhere", PGPORT = 1, PGUSER = "nobody", PGDATABASE = "none"))]
#[test]
fn the_variable_connects(db: &Database) -> Result<(), BoxError> {
    let mut client = PgConnection::establish(&url())?;
    assert_eq!(database(&mut client)?, [db.name()]);
    Ok(())
}

#[isolated(db = shop())]
#[test]
fn the_parts_connect(db: &Database) -> Result<(), BoxError> {
    let port = db.port().to_string();
    let words = [
        ("host", db.host()),
        ("port", &port),
        ("user", db.user()),
        ("password", db.password().unwrap_or_default()),
        ("dbname", db.name()),
    ];
    let quoted = |text: &str| text.replace('\\', r"\\").replace('\'', r"\'");
    let words = words.map(|(name, text)| format!("{name}='{}'", quoted(text)));
    let words = words.join(" ");
    let mut client = PgConnection::establish(&words)?;
    assert_eq!(database(&mut client)?, [db.name()]);
    Ok(())
}

#[isolated(db = shop().schema())]
#[test]
fn the_url_leads_to_a_schema(db: &Database) -> Result<(), BoxError> {
    let mut client = PgConnection::establish(db.url())?;
    let schema = names(&mut client, "SELECT current_schema()::text AS name")?;
    assert_eq!(schema.first().map(String::as_str), db.schema());
    store(&pool(db)?, "Ada")
}
