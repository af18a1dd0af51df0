//! `cargo isolated status` lists keys across machines. Two state directories stand for two machines.

use std::fs;
use std::time::UNIX_EPOCH;

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};
use isolated_test_tests::State;
use serde_json::{Value, json};

use self::inner::{HOLDS, WAITS};
use super::{command, printed};

mod inner {
    use isolated_test::{Key, isolated};
    use isolated_test_tests::gate::pass;
    use isolated_test_tests::say;

    const STAGING: Key = Key::across_machines("staging");
    const PHONE: Key = Key::across_machines("phone").scoped("shop");

    pub(super) const HOLDS: u32 = line!() + 4; // The line of `fn`.
    #[isolated(serial = STAGING, limit(PHONE, 2))]
    #[test]
    #[ignore = "started by another test"]
    fn holds() {
        say("held");
        pass("holds");
    }

    pub(super) const WAITS: u32 = line!() + 4; // The line of `fn`.
    #[isolated(shared = STAGING)]
    #[test]
    #[ignore = "started by another test"]
    fn waits() {
        panic!("it is killed before");
    }
}

fn status(database: &str, words: &[&str]) -> String {
    let elsewhere = State::new();
    let output = command(elsewhere.path(), &[&["status"], words].concat())
        .env("ISOLATED_LOCKS", database)
        .output()
        .expect("the command");
    printed(&output)
}

#[isolated(db = Postgres::empty())]
#[test]
fn holders_and_waiters_of_all_machines_are_listed(db: &Database) {
    let begun = u64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let (one, other) = (State::new(), State::new());
    let _gate = one.gate("holds");
    let start = |state: &State, test| state.inner(test).env("ISOLATED_LOCKS", db.url()).start();
    let mut holder = start(&one, "holds");
    holder.hear("held");
    let mut waiter = start(&other, "waits");
    waiter.hear_error("waiting for");

    let json: Value = serde_json::from_str(&status(db.url(), &["--json"])).unwrap();
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let now = u64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let told = |index: usize, lock: &str, test: &str, pid: u32| {
        let since = json["machines"]["tests"][index]["since"].as_u64().unwrap();
        assert!((begun..=now).contains(&since), "{begun} {since} {now}");
        let waits = test == "waits";
        let line = if waits { WAITS } else { HOLDS };
        json!({
            "lock": format!("{lock} across machines"),
            "waits": waits,
            "name": format!("machine::machines::inner::{test}"),
            "machine": machine.trim_end(),
            "pid": pid,
            "place": format!("package cargo-isolated, cargo-isolated/tests/machine/machines.rs:{line}"),
            "since": since,
        })
    };
    let expected = json!({
        "why": null,
        "tests": [
            told(0, "limit \"phone\" of \"shop\"", "holds", holder.id()),
            told(1, "serial \"staging\"", "holds", holder.id()),
            told(2, "shared \"staging\"", "waits", waiter.id()),
        ],
    });
    assert_eq!(json["machines"], expected);
    let text = status(db.url(), &[]);
    assert!(
        text.contains("\nkeys across machines\n  machine::machines::inner::holds\n    machine "),
        "{text}"
    );
    holder.kill();
    waiter.kill();
}

#[test]
fn a_server_that_cannot_be_asked_is_no_failure() {
    let text = status("postgres://127.0.0.1:1/locks", &[]);
    let expected =
        "keys across machines\n  failed to list the locks across machines: Connection refused";
    assert!(text.contains(expected), "{text}");
    let json: Value =
        serde_json::from_str(&status("postgres://127.0.0.1:1/locks", &["--json"])).unwrap();
    let why = json["machines"]["why"].as_str().unwrap();
    assert!(
        why.starts_with("failed to list the locks across machines: Connection refused"),
        "{why}"
    );
    assert_eq!(json["machines"]["tests"], json!([]));

    assert!(!status("", &[]).contains("across machines"));
    let json: Value = serde_json::from_str(&status("", &["--json"])).unwrap();
    assert_eq!(json["machines"], Value::Null);
}
