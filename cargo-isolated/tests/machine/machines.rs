//! `cargo isolated status` lists keys across machines. Two state directories stand for two machines.

use isolated_test::isolated;
use isolated_test_postgres::{Database, Postgres};
use isolated_test_tests::State;
use serde_json::Value;

use super::{command, printed};

mod inner {
    use isolated_test::{Key, isolated};
    use isolated_test_tests::gate::pass;
    use isolated_test_tests::say;

    const STAGING: Key = Key::across_machines("staging");
    const PHONE: Key = Key::across_machines("phone").scoped("shop");

    #[isolated(serial = STAGING, limit(PHONE, 2))]
    #[test]
    #[ignore = "started by another test"]
    fn holds() {
        say("held");
        pass("holds");
    }

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
    let (one, other) = (State::new(), State::new());
    let _gate = one.gate("holds");
    let start = |state: &State, test| state.inner(test).env("ISOLATED_LOCKS", db.url()).start();
    let mut holder = start(&one, "holds");
    holder.hear("held");
    let mut waiter = start(&other, "waits");
    waiter.hear_error("waiting for");

    let json: Value = serde_json::from_str(&status(db.url(), &["--json"])).unwrap();
    let tests = json["machines"]["tests"].as_array().unwrap();
    let told: Vec<_> = tests
        .iter()
        .map(|test| {
            let name = test["name"].as_str().unwrap();
            (
                test["lock"].as_str().unwrap(),
                test["waits"].as_bool().unwrap(),
                name,
                test["pid"].as_u64().unwrap(),
            )
        })
        .collect();
    let holds = ("machine::machines::inner::holds", u64::from(holder.id()));
    let waits = ("machine::machines::inner::waits", u64::from(waiter.id()));
    assert_eq!(
        told,
        [
            (
                "limit \"phone\" of \"shop\" across machines",
                false,
                holds.0,
                holds.1
            ),
            (
                "serial \"staging\" across machines",
                false,
                holds.0,
                holds.1
            ),
            ("shared \"staging\" across machines", true, waits.0, waits.1),
        ]
    );
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
    assert!(!status("", &[]).contains("across machines"));
}
