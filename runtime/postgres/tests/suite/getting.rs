//! The database that a test gets.

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};
use postgres::{Client, NoTls};

use crate::asking::{ask, psql};

fn shop() -> Postgres {
    Postgres::migrations("tests/migrations").seed("tests/seed.sql")
}

fn connect(db: &Database) -> Client {
    Client::connect(db.url(), NoTls).unwrap()
}

#[isolated(db = Postgres::empty(), env(DATABASE_URL = db))]
#[test]
fn an_empty_database_and_a_variable(db: &Database) {
    let url = std::env::var("DATABASE_URL").unwrap();
    assert_eq!(url, db.url());
    assert_eq!(ask(&url, "SELECT current_database()::text"), db.name());
    let tables = "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(ask(&url, tables), "0");
}

#[isolated(db = shop(), client = value(connect(db)))]
mod migrated {
    use postgres::Client;

    fn names(client: &mut Client) -> Vec<String> {
        let rows = client
            .query("SELECT name FROM customers ORDER BY id", &[])
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Both insert the same row, so they would not pass in one database.
    #[test]
    fn one_test_inserts(client: &mut Client) {
        client
            .execute("INSERT INTO customers VALUES (3, 'Mary')", &[])
            .unwrap();
        assert_eq!(names(client), ["Ada", "Grace", "Mary"]);
    }

    #[test]
    fn another_inserts_the_same(client: &mut Client) {
        client
            .execute("INSERT INTO customers VALUES (3, 'Joan')", &[])
            .unwrap();
        assert_eq!(names(client), ["Ada", "Grace", "Joan"]);
    }

    #[test]
    fn all_migrations_have_run(client: &mut Client) {
        let sql = "SELECT indexname::text FROM pg_indexes WHERE indexname LIKE '%_by_%' ORDER BY 1";
        let rows = client.query(sql, &[]).unwrap();
        let indexes: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(indexes, ["customers_by_name", "orders_by_customer"]);
    }
}

#[isolated(db = shop(), env(PGHOST = "nowhere", PGPORT = 1, PGUSER = "nobody"))]
#[test]
fn psql_and_the_parts_connect_too(db: &Database) {
    let output = psql(db.url(), "SELECT count(*) FROM customers");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "2\n", "{output:?}");
    let mut config = postgres::Config::new();
    config
        .host(db.host())
        .port(db.port())
        .user(db.user())
        .dbname(db.name());
    assert_eq!(db.password(), None);
    let mut client = config.connect(NoTls).unwrap();
    let row = client
        .query_one("SELECT current_database()::text", &[])
        .unwrap();
    assert_eq!(row.get::<_, String>(0), db.name());
}

#[isolated(process, db = shop(), env(DATABASE_URL = db))]
#[test]
fn a_subprocess_has_the_database_of_its_parent(db: Database) {
    assert_eq!(std::env::var("DATABASE_URL").as_deref(), Ok(db.url()));
    assert_eq!(ask(db.url(), "SELECT count(*)::text FROM customers"), "2");
}

const SCHEMA: &str = "CREATE TABLE prepared (id int)";

/// Leaves its connection open, as a pool with a task of its own may do.
fn prepare(url: &str) -> Result<(), postgres::Error> {
    let mut client = Client::connect(url, NoTls)?;
    client.batch_execute(SCHEMA)?;
    std::mem::forget(client);
    Ok(())
}

#[isolated(db = Postgres::prepared("suite", SCHEMA, prepare))]
#[test]
fn a_function_may_prepare_the_database(db: &Database) {
    assert_eq!(ask(db.url(), "SELECT count(*)::text FROM prepared"), "0");
}

#[isolated(db = Postgres::empty())]
#[test]
fn connections_may_outlive_the_test(db: &Database) {
    std::mem::forget(connect(db));
}

#[isolated(db = Postgres::empty(), other = shop())]
#[test]
fn a_test_may_have_two_databases(db: &Database, other: &Database) {
    assert_ne!(db.url(), other.url());
    assert_eq!(
        ask(other.url(), "SELECT count(*)::text FROM customers"),
        "2"
    );
}

#[isolated(db = Postgres::empty())]
#[test]
fn nothing_listens_on_the_network_and_text_is_unicode(db: &Database) {
    assert_eq!(ask(db.url(), "SHOW listen_addresses"), "");
    assert_eq!(ask(db.url(), "SELECT lower('ÄÖ')"), "äö");
    assert_eq!(ask(db.url(), "SHOW fsync"), "off");
}
