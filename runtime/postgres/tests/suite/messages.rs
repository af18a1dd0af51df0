//! `transaction`, for clients that use the protocol in other ways than the crate `postgres`.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};
use isolated_test_tests::PATIENCE;

struct Raw(UnixStream);

impl Raw {
    fn connect(db: &Database) -> Self {
        let path = format!("{}/.s.PGSQL.{}", db.host(), db.port());
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut raw = Raw(stream);
        raw.send(&[(None, b"\0\x03\0\0user\0x\0database\0y\0\0")]);
        let greeting = raw.hear();
        assert!(
            greeting.starts_with('R') && greeting.ends_with("Z(I)"),
            "{greeting}"
        );
        raw
    }

    fn send(&mut self, messages: &[(Option<u8>, &[u8])]) {
        let mut bytes = Vec::new();
        for (kind, body) in messages {
            bytes.extend(kind);
            bytes.extend(u32::try_from(body.len() + 4).unwrap().to_be_bytes());
            bytes.extend(*body);
        }
        self.0.write_all(&bytes).unwrap();
    }

    /// The answers until the server is ready: their kinds, with the tags, SQLSTATEs, values and states.
    fn hear(&mut self) -> String {
        let mut heard = String::new();
        loop {
            let mut begin = [0; 5];
            self.0.read_exact(&mut begin).unwrap();
            let length = u32::from_be_bytes(begin[1..].try_into().unwrap());
            let mut body = vec![0; usize::try_from(length).unwrap() - 4];
            self.0.read_exact(&mut body).unwrap();
            let text = match begin[0] {
                b'C' => String::from_utf8_lossy(&body[..body.len() - 1]).into_owned(),
                // One column.
                b'D' => String::from_utf8_lossy(&body[6..]).into_owned(),
                b'E' => {
                    let code = body
                        .split(|byte| *byte == 0)
                        .find(|field| field.starts_with(b"C"));
                    String::from_utf8_lossy(&code.unwrap()[1..]).into_owned()
                }
                b'Z' => String::from_utf8_lossy(&body).into_owned(),
                _ => String::new(),
            };
            let _ = write!(heard, "{}", char::from(begin[0]));
            if !text.is_empty() {
                let _ = write!(heard, "({text})");
            }
            if begin[0] == b'Z' {
                return heard;
            }
        }
    }

    fn ask(&mut self, messages: &[(Option<u8>, &[u8])]) -> String {
        self.send(messages);
        self.hear()
    }
}

type Message<'a> = (Option<u8>, &'a [u8]);

const SYNC: Message<'_> = (Some(b'S'), b"");
const FLUSH: Message<'_> = (Some(b'H'), b"");
/// The portal and the statement without names.
const BIND: Message<'_> = (Some(b'B'), b"\0\0\0\0\0\0\0\0");
const EXECUTE: Message<'_> = (Some(b'E'), b"\0\0\0\0\0");

fn shop() -> Postgres {
    Postgres::empty().transaction()
}

#[isolated(db = shop())]
#[test]
fn statements_of_two_clients_may_have_the_same_names(db: &Database) {
    let (mut one, mut other) = (Raw::connect(db), Raw::connect(db));
    for name in ["", "s1"] {
        let parse = |value: i32| format!("{name}\0SELECT {value}\0\0\0");
        let bind = format!("\0{name}\0\0\0\0\0\0\0");
        let (mine, yours) = (parse(1), parse(2));
        assert_eq!(one.ask(&[(Some(b'P'), mine.as_bytes()), SYNC]), "1Z(I)");
        assert_eq!(other.ask(&[(Some(b'P'), yours.as_bytes()), SYNC]), "1Z(I)");
        let run: [Message<'_>; 3] = [(Some(b'B'), bind.as_bytes()), EXECUTE, SYNC];
        assert_eq!(one.ask(&run), "2D(1)C(SELECT 1)Z(I)", "{name}");
        assert_eq!(other.ask(&run), "2D(2)C(SELECT 1)Z(I)", "{name}");
    }
    assert_eq!(
        one.ask(&[(Some(b'Q'), b"DEALLOCATE s1\0")]),
        "C(DEALLOCATE)Z(I)"
    );
    let by_sql: [Message<'_>; 1] = [(Some(b'Q'), b"PREPARE s1 AS SELECT 3; DEALLOCATE s1\0")];
    for _ in 0..2 {
        assert_eq!(one.ask(&by_sql), "C(PREPARE)C(DEALLOCATE)Z(I)");
    }
    let bind: [Message<'_>; 3] = [(Some(b'B'), b"\0s1\0\0\0\0\0\0\0"), EXECUTE, SYNC];
    assert_eq!(one.ask(&bind), "E(26000)Z(I)");
    one.ask(&[(Some(b'Q'), b"PREPARE s1 AS SELECT 4\0")]);
    assert_eq!(one.ask(&bind), "2D(4)C(SELECT 1)Z(I)");
}

#[isolated(db = shop())]
#[test]
fn statements_are_freed_when_another_is_executed(db: &Database) {
    let mut raw = Raw::connect(db);
    for sql in ["DISCARD ALL", "DEALLOCATE ALL", "DEALLOCATE s1"] {
        raw.ask(&[(Some(b'P'), b"s1\0SELECT 1\0\0\0"), SYNC]);
        let frees = format!("frees\0{sql}\0\0\0");
        assert_eq!(raw.ask(&[(Some(b'P'), frees.as_bytes()), SYNC]), "1Z(I)");
        for (name, answer) in [
            ("s1", "2D(1)C(SELECT 1)Z(I)"),
            (
                "frees",
                &*format!("2C({})Z(I)", sql.trim_end_matches(" s1")),
            ),
            ("s1", "E(26000)Z(I)"),
        ] {
            let bind = format!("\0{name}\0\0\0\0\0\0\0");
            let run: [Message<'_>; 3] = [(Some(b'B'), bind.as_bytes()), EXECUTE, SYNC];
            assert_eq!(raw.ask(&run), answer, "{name} {sql}");
        }
        raw.ask(&[(Some(b'Q'), b"DEALLOCATE ALL\0")]);
    }
}

#[isolated(db = shop())]
#[test]
fn a_whole_transaction_may_be_sent_at_once(db: &Database) {
    let mut raw = Raw::connect(db);
    raw.ask(&[(Some(b'Q'), b"CREATE TABLE a (id int PRIMARY KEY)\0")]);
    let parse = |sql: &str| format!("\0{sql}\0\0\0").into_bytes();
    let [begin, insert, commit, fails] = [
        "BEGIN",
        "INSERT INTO a VALUES (1)",
        "COMMIT",
        "SELECT 1 / 0",
    ]
    .map(parse);
    let mut all: Vec<Message<'_>> = Vec::new();
    for sql in [&begin, &insert, &commit, &fails] {
        all.extend([(Some(b'P'), &**sql), BIND, EXECUTE]);
    }
    all.push(SYNC);
    assert_eq!(
        raw.ask(&all),
        "12C(BEGIN)12C(INSERT 0 1)12C(COMMIT)1E(22012)Z(I)"
    );
    let count: Message<'_> = (Some(b'Q'), b"SELECT count(*) FROM a\0");
    assert_eq!(raw.ask(&[count]), "TD(1)C(SELECT 1)Z(I)");
    // Several batches, without waiting for an answer: what comes after an error in one is the next.
    raw.send(&[(Some(b'P'), &begin), BIND, EXECUTE, SYNC]);
    raw.send(&[
        (Some(b'P'), &insert),
        BIND,
        EXECUTE,
        (Some(b'P'), &commit),
        BIND,
        EXECUTE,
        SYNC,
    ]);
    raw.send(&[(Some(b'P'), &commit), BIND, EXECUTE, SYNC, count]);
    assert_eq!(raw.hear(), "12C(BEGIN)Z(T)");
    assert_eq!(raw.hear(), "12E(23505)Z(E)");
    assert_eq!(raw.hear(), "12C(ROLLBACK)Z(I)");
    assert_eq!(raw.hear(), "TD(1)C(SELECT 1)Z(I)");
    // A transaction without an end has not happened.
    let mut lost = Raw::connect(db);
    lost.send(&[
        (Some(b'P'), b"\0DELETE FROM a\0\0\0"),
        BIND,
        EXECUTE,
        (Some(b'H'), b""),
    ]);
    let mut answer = [0; 10];
    lost.0.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"1\0\0\0\x042\0\0\0\x04");
    drop(lost);
    assert_eq!(raw.ask(&[count]), "TD(1)C(SELECT 1)Z(I)");
}

#[isolated(db = shop())]
#[test]
fn a_failed_transaction_may_be_followed_by_another_at_once(db: &Database) {
    let mut raw = Raw::connect(db);
    raw.ask(&[(Some(b'Q'), b"CREATE TABLE a (id int)\0")]);
    for (rows, between) in [(1, &[][..]), (2, &[FLUSH])] {
        let failed = raw.ask(&[(Some(b'Q'), b"BEGIN; SELECT 1 / 0\0")]);
        assert!(failed.ends_with("Z(E)"), "{failed}");
        let mut all: Vec<Message<'_>> = Vec::new();
        for parse in [
            &b"\0ROLLBACK\0\0\0"[..],
            b"\0BEGIN\0\0\0",
            b"\0INSERT INTO a VALUES (1)\0\0\0",
            b"\0COMMIT\0\0\0",
        ] {
            all.extend([(Some(b'P'), parse), BIND, EXECUTE]);
            all.extend(between);
        }
        all.push(SYNC);
        assert_eq!(
            raw.ask(&all),
            "12C(ROLLBACK)12C(BEGIN)12C(INSERT 0 1)12C(COMMIT)Z(I)"
        );
        let count = raw.ask(&[(Some(b'Q'), b"SELECT count(*) FROM a\0")]);
        assert_eq!(count, format!("TD({rows})C(SELECT 1)Z(I)"));
    }
}

#[isolated(db = shop())]
#[test]
fn nothing_is_answered_between_an_error_and_the_end_of_its_batch(db: &Database) {
    let mut raw = Raw::connect(db);
    let wrong: Message<'_> = (Some(b'P'), b"\0SELEC 1\0\0\0");
    let commit: Message<'_> = (Some(b'P'), b"\0COMMIT\0\0\0");
    let query: Message<'_> = (Some(b'Q'), b"SELECT 1\0");
    let (bind, execute) = (BIND, EXECUTE);
    for _ in 0..2 {
        let heard = raw.ask(&[
            wrong, FLUSH, bind, execute, FLUSH, commit, bind, execute, FLUSH, query, SYNC,
        ]);
        assert_eq!(heard, "E(42601)Z(I)");
        assert_eq!(raw.ask(&[query]), "TD(1)C(SELECT 1)Z(I)");
    }
}

#[isolated(db = shop())]
#[test]
fn many_answers_to_one_batch_pass(db: &Database) {
    let mut raw = Raw::connect(db);
    let parse: Message<'_> = (Some(b'P'), b"\0SELECT repeat('x', 100)\0\0\0");
    let mut all = vec![parse];
    for _ in 0..20_000 {
        all.extend([BIND, EXECUTE]);
    }
    all.push(SYNC);
    let heard = raw.ask(&all);
    assert_eq!(heard.matches("C(SELECT 1)").count(), 20_000);
    assert!(heard.ends_with("C(SELECT 1)Z(I)"));
    // The same name of a portal, whose transaction is over.
    let named: [Message<'_>; 3] = [
        (Some(b'B'), b"p\0\0\0\0\0\0\0\0"),
        (Some(b'E'), b"p\0\0\0\0\0"),
        SYNC,
    ];
    for _ in 0..2 {
        assert!(raw.ask(&named).ends_with("C(SELECT 1)Z(I)"));
    }
}

#[isolated(db = shop())]
#[test]
fn statements_are_recognised_in_any_encoding(db: &Database) {
    let mut raw = Raw::connect(db);
    raw.ask(&[(Some(b'Q'), b"SET client_encoding = LATIN1\0")]);
    let sql = b"BEGIN; CREATE TABLE a AS SELECT '\xfc'::text AS b; ROLLBACK; SELECT length('\xfc'); COMMIT\0";
    let heard = raw.ask(&[(Some(b'Q'), sql)]);
    assert_eq!(
        heard,
        "C(BEGIN)C(SELECT 1)C(ROLLBACK)TD(1)C(SELECT 1)C(COMMIT)Z(I)"
    );
}
