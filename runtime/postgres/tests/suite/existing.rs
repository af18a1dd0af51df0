//! A server that runs already.

use isolated_test_tests::State;
use isolated_test_tests::refusal::networks_are_refused;
use isolated_test_tests::relay::Relay;
use postgres::{Client, NoTls};

use crate::asking::{Servers, ask, databases, files, main_database, signal};

mod inner {
    use std::fs;

    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::{hold, say};
    use postgres::{Client, NoTls};

    use crate::asking::ask;

    /// A server that asks three roles for their passwords.
    #[isolated(db = Postgres::empty())]
    #[test]
    #[ignore = "started by another test"]
    fn serves(db: &Database) {
        let rules = ask(db.url(), "SHOW hba_file");
        let text = "local all one scram-sha-256\nlocal all two md5\nlocal all three password\nlocal all all trust\n";
        fs::write(rules, text).unwrap();
        let mut client = Client::connect(db.url(), NoTls).unwrap();
        for sql in [
            "CREATE ROLE one LOGIN CREATEDB PASSWORD 'a b@c'",
            "SET password_encryption = md5",
            "CREATE ROLE two LOGIN CREATEDB PASSWORD 'second'",
            "CREATE ROLE three LOGIN CREATEDB PASSWORD 'three'",
            "SELECT pg_reload_conf()",
        ] {
            client.batch_execute(sql).unwrap();
        }
        say(&format!("url {}", db.url()));
        hold();
    }

    #[isolated(db = Postgres::migrations("tests/migrations"))]
    #[test]
    #[ignore = "started by another test"]
    fn uses(db: &Database) {
        assert_eq!(ask(db.url(), "SELECT count(*)::text FROM customers"), "0");
        say(&format!("name {}", db.name()));
        hold();
    }

    fn shop() -> Postgres {
        Postgres::migrations("tests/migrations").at("localhost:5432")
    }

    fn works(db: &Database) {
        for url in [db.url(), "postgres://shop:wrong@localhost/shop"] {
            assert_eq!(ask(url, "SELECT count(*)::text FROM customers"), "0");
        }
        say("works");
    }

    #[isolated(network, db = shop())]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_database(db: &Database) {
        works(db);
    }

    #[isolated(network, db = shop().transaction())]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_transaction(db: &Database) {
        works(db);
    }
}

#[test]
fn a_server_of_the_machine_is_reached_from_the_network_of_a_test() {
    if networks_are_refused() {
        return;
    }
    let state = State::new();
    let mut server = state.user("serves").start();
    let main = main_database(&server.hear("url"));
    let relay = Relay::start(files(&main).join("socket/.s.PGSQL.5432"));
    let url = format!("postgres://two:second@127.0.0.1:{}/postgres", relay.port());
    for test in ["has_a_database", "has_a_transaction"] {
        let users = State::new();
        let user = users.user(test).env("ISOLATED_POSTGRES", &url);
        assert!(user.run().passed().said("works").is_some());
        users.wait_for_the_end();
    }
    server.release();
    state.wait_for_the_end();
}

fn url(server: &str, who: &str) -> String {
    server.replace("postgres@", &format!("{who}@"))
}

#[test]
fn a_server_that_exists_is_used_and_left_clean() {
    let state = State::new();
    let mut server = state.user("serves").start();
    let main = main_database(&server.hear("url"));
    let own = databases(&main);
    let ours = || -> Vec<_> {
        let mut all = databases(&main);
        all.retain(|name| name.starts_with("isolated_") && !name.starts_with("isolated_template_"));
        all
    };
    for who in ["one:a%20b%40c", "two:second", "three:three"] {
        let users = State::new();
        let start = |test| {
            users
                .user(test)
                .env("ISOLATED_POSTGRES", url(&main, who))
                .start()
        };
        let mut user = start("uses");
        let name = user.hear("name");
        assert!(
            name.starts_with("isolated_t") && ours().contains(&name),
            "{name}"
        );
        user.release();
        users.wait_for_the_end();
        assert_eq!(ours(), [] as [String; 0]);

        // A killed host leaves databases, and the next one drops them.
        let mut user = start("uses");
        let name = user.hear("name");
        signal("-KILL", users.host());
        user.kill();
        users.wait_for_the_end();
        assert!(ours().contains(&name));
        let mut user = start("uses");
        user.hear("name");
        assert!(!ours().contains(&name));
        user.release();
        users.wait_for_the_end();
        assert_eq!(ours(), [] as [String; 0]);
    }
    let new = databases(&main)
        .into_iter()
        .filter(|name| !own.contains(name));
    let templates: Vec<_> = new.filter(|name| !name.starts_with("ready_")).collect();
    // One for each role, because they cannot use what belongs to another.
    assert_eq!(templates.len(), 3, "{templates:?}");
    server.release();
    state.wait_for_the_end();
}

#[test]
fn a_wrong_password_is_the_reason_that_is_shown() {
    let state = State::new();
    let mut server = state.user("serves").start();
    let main = main_database(&server.hear("url"));
    for (who, why) in [
        (
            "one:wrong",
            "password authentication failed for user \"one\"",
        ),
        (
            "two:wrong",
            "password authentication failed for user \"two\"",
        ),
        (
            "one",
            "the server asks for a password, and the URL has none",
        ),
    ] {
        let users = State::new();
        let run = users
            .user("uses")
            .env("ISOLATED_POSTGRES", url(&main, who))
            .run()
            .failed();
        let complaint = users.complaint(&run);
        assert!(complaint.ends_with(why), "{complaint}");
        users.wait_for_the_end();
    }
    server.release();
    state.wait_for_the_end();
}

#[test]
fn databases_of_a_host_on_a_machine_that_is_gone_are_dropped() {
    let state = State::new();
    let mut server = state.user("serves").start();
    let main = main_database(&server.hear("url"));
    let start = |host: &State| {
        let user = host.user("uses").env("ISOLATED_POSTGRES", &main);
        let mut user = user.start();
        let name = user.hear("name");
        (user, name)
    };
    // More databases for people than are kept, the oldest first.
    let mut client = Client::connect(&main, NoTls).unwrap();
    let kept = |number| format!("isolated_t{}_kept_{number}", "k".repeat(25));
    for number in 0..=16 {
        let name = kept(number);
        let comment = "kept by isolated-test, because a test has failed";
        let made = client.batch_execute(&format!("CREATE DATABASE {name}"));
        made.and_then(|()| {
            client.batch_execute(&format!("COMMENT ON DATABASE {name} IS '{comment}'"))
        })
        .unwrap();
    }
    let gone = State::new();
    let (mut user, name) = start(&gone);
    signal("-KILL", gone.host());
    user.kill();
    gone.wait_for_the_end();
    drop(gone);

    let [alive, next] = [State::new(), State::new()];
    let (alive_user, alive_name) = start(&alive);
    let (next_user, _) = start(&next);
    while databases(&main).contains(&name) || databases(&main).contains(&kept(0)) {
        std::thread::yield_now();
    }
    next_user.release();
    next.wait_for_the_end();
    let left = databases(&main);
    assert!(left.contains(&alive_name), "{left:?}");
    for number in 1..=16 {
        assert!(left.contains(&kept(number)), "{left:?}");
    }
    alive_user.release();
    alive.wait_for_the_end();
    server.release();
    state.wait_for_the_end();
}

#[test]
fn a_database_that_cannot_be_dropped_is_not_in_the_way_of_others() {
    let state = State::new();
    let mut server = state.user("serves").start();
    let main = main_database(&server.hear("url"));
    let role = url(&main, "one:a%20b%40c");
    let start = |host: &State| {
        let mut user = host.user("uses").env("ISOLATED_POSTGRES", &role).start();
        let name = user.hear("name");
        (user, name)
    };
    // The next host on the same machine, and one on another. Each begins with another database.
    for (is_gone, order) in [(false, ""), (true, "ORDER BY oid DESC")] {
        let mut host = State::new();
        let [(mut one, name), (mut other, _)] = [start(&host), start(&host)];
        signal("-KILL", host.host());
        one.kill();
        other.kill();
        host.wait_for_the_end();
        let prefix = &name[..36];
        let left = || {
            let mut left = databases(&main);
            left.retain(|name| name.starts_with(prefix));
            left
        };
        let first = format!(
            "SELECT datname::text FROM pg_database WHERE left(datname, 36) = '{prefix}' {order} LIMIT 1"
        );
        let first = ask(&main, &first);
        // The role may not end this session.
        let (address, _) = main.rsplit_once('/').unwrap();
        let session = Client::connect(&format!("{address}/{first}"), NoTls).unwrap();
        if is_gone {
            host = State::new();
        }
        let (user, _) = start(&host);
        while is_gone && left().len() > 1 {
            std::thread::yield_now();
        }
        assert_eq!(left(), [&*first]);
        drop(session);
        user.release();
        host.wait_for_the_end();
        let (user, _) = start(&host);
        while !left().is_empty() {
            std::thread::yield_now();
        }
        user.release();
        host.wait_for_the_end();
    }
    server.release();
    state.wait_for_the_end();
}
