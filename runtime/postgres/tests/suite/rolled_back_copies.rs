//! `transaction`: COPY.

use std::io::{Read, Write};

use isolated_test::isolated;
use isolated_test_postgres::Database;
use postgres::Client;

use crate::asking::psql;
use crate::rolled_back::{connect, count, shop};

#[isolated(db = shop())]
#[test]
fn data_can_be_copied(db: &Database) {
    let mut client = connect(db);
    let copy = |client: &mut Client, rows: &str| {
        let mut writer = client.copy_in("COPY customers FROM STDIN").unwrap();
        writer.write_all(rows.as_bytes()).unwrap();
        writer.finish()
    };
    let rows = (100..20_100).fold(String::new(), |rows, id| {
        rows + &format!("{id}\tname {id}\n")
    });
    assert_eq!(copy(&mut client, &rows).unwrap(), 20_000);
    // In its first row, and after much more than the server reads before it fails.
    copy(&mut client, &format!("no number\tx\n{rows}{rows}")).unwrap_err();
    copy(&mut client, "100\ttwice\n").unwrap_err();
    assert_eq!(count(&mut client), 20_000);
    let mut copied = String::new();
    let sql = "COPY (SELECT * FROM customers ORDER BY id) TO STDOUT";
    let mut reader = client.copy_out(sql).unwrap();
    reader.read_to_string(&mut copied).unwrap();
    drop(reader);
    assert!(copied == rows, "{} of {} bytes", copied.len(), rows.len());
    // A client that changes its mind.
    let mut writer = client.copy_in("COPY customers FROM STDIN").unwrap();
    writer.write_all(b"1\tone\n").unwrap();
    drop(writer);
    assert_eq!(count(&mut client), 20_000);
    let input = psql(db.url(), "COPY customers FROM PROGRAM 'echo 99,x' CSV");
    assert!(input.status.success(), "{input:?}");
    assert_eq!(count(&mut client), 20_001);
}

/// Neither side may stop reading while the other one sends more than the sockets hold.
#[isolated(db = shop(), timeout = "60s")]
#[test]
fn the_server_may_say_much_while_data_is_copied(db: &Database) {
    let mut client = connect(db);
    client
        .batch_execute(
            "CREATE TABLE noisy (id int, name text); \
             CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS \
             $$BEGIN RAISE NOTICE '%', repeat('x', 1000); RETURN NEW; END$$; \
             CREATE TRIGGER says BEFORE INSERT ON noisy FOR EACH ROW EXECUTE FUNCTION say()",
        )
        .unwrap();
    let row = format!("{}\n", "x".repeat(1000));
    for last in ["", "no number\n"] {
        let mut writer = client.copy_in("COPY noisy FROM STDIN").unwrap();
        for id in 0..5000 {
            writer.write_all(format!("{id}\t{row}").as_bytes()).unwrap();
        }
        writer.write_all(last.as_bytes()).unwrap();
        assert_eq!(writer.finish().is_ok(), last.is_empty());
        let stored = client.query("SELECT id FROM noisy", &[]).unwrap();
        assert_eq!(stored.len(), 5000);
    }
}
