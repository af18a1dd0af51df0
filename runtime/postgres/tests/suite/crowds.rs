//! More tests at once than the server has connections for.

use std::path::PathBuf;

use isolated_test_tests::{Inner, State};
use postgres::{Client, NoTls};

use crate::asking::{Servers, ask, main_database, stop_copies};
use crate::programs::{EXEC, programs};
use crate::schemas::schemas_like;

mod inner {
    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::{hold, say};
    use postgres::{Client, NoTls};

    /// Has two databases, and as many connections as each test may have.
    #[isolated(db = Postgres::empty(), orders = Postgres::migrations("tests/migrations"))]
    #[test]
    #[ignore = "started by another test"]
    fn connects(db: &Database, orders: &Database) {
        let connect = |url: &str| Client::connect(url, NoTls).unwrap();
        let mut clients: Vec<_> = (0..3).map(|_| connect(db.url())).collect();
        clients.extend((0..2).map(|_| connect(orders.url())));
        for client in &mut clients {
            client.batch_execute("SELECT 1").unwrap();
        }
    }

    /// Migrations that last, for each value of the variable.
    fn slow() -> Postgres {
        let content = std::env::var("CONTENT").unwrap();
        Postgres::prepared("slow", content, |url| {
            say(&format!("prepares {url}"));
            hold();
            std::io::Result::Ok(())
        })
    }

    #[isolated(db = slow())]
    #[test]
    #[ignore = "started by another test"]
    fn builds() {}

    #[isolated(db = slow().schema())]
    #[test]
    #[ignore = "started by another test"]
    fn fills() {}

    #[isolated(db = Postgres::empty())]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_connections(db: &Database) {
        for _ in 0..5 {
            std::mem::forget(Client::connect(db.url(), NoTls).unwrap());
        }
    }
}

/// How many tests run at the same time.
const TESTS: usize = 50;

/// Programs whose server admits 20 connections.
fn small_server(state: &State) -> PathBuf {
    programs(state, r#"exec "$real" "$@" -c max_connections=20"#, EXEC)
}

fn all_pass<'a>(tests: impl IntoIterator<Item = Inner<'a>>) {
    let running: Vec<_> = tests.into_iter().map(Inner::start).collect();
    for test in running {
        let _ = test.finish().passed();
    }
}

#[test]
fn fifty_tests_have_databases_on_twenty_connections() {
    let state = State::new();
    let programs = small_server(&state);
    let user = |test| state.user(test).env("ISOLATED_POSTGRES_BIN", &programs);
    let empty = || {
        state
            .user_of_empty()
            .env("ISOLATED_POSTGRES_BIN", &programs)
    };
    all_pass((0..TESTS).map(|_| user("connects")));

    // The third waits, and says for what.
    let mut first = empty().start();
    let url = first.hear("url");
    assert_eq!(ask(&url, "SHOW max_connections"), "20");
    let mut second = empty().start();
    second.hear("url");
    let mut third = empty().start();
    let line = third.hear_error("waiting for");
    let mut names = [first.id(), second.id()].map(|id| id.to_string());
    names.sort();
    let [one, other] = names.map(|id| format!("suite::asking::inner::uses (pid {id})"));
    assert_eq!(
        line,
        format!(
            "isolated-test: suite::asking::inner::uses: waiting for the connections of the server, \
             which are enough for 2 tests at a time, held by {one}, {other}"
        )
    );
    // A dead test in line takes no turn.
    third.kill();
    let mut fourth = empty().start();
    first.release();
    fourth.hear("url");
    fourth.release();
    second.release();
    state.wait_for_the_end();
}

/// Kills a test that waits for the migrations of another one on a server with two places, and waits for its place.
fn a_killed_waiter_gives_its_place_back(test: &str, contents: [&str; 2]) {
    let state = State::new();
    let programs = small_server(&state);
    let user = |user: Inner<'_>| user.env("ISOLATED_POSTGRES_BIN", &programs).start();
    let migrate = |content: &str| user(state.user(test).env("CONTENT", content));
    let mut first = migrate(contents[0]);
    let url = first.hear("prepares");
    let mut waiting = migrate(contents[1]);
    waiting.hear_error("waiting for");
    waiting.kill();
    let mut next = user(state.user_of_empty());
    next.hear("url");
    next.release();
    // A test makes no schema before it is its turn.
    let schemas = schemas_like(&url, "test\\_%");
    assert_eq!(schemas.len(), usize::from(test == "fills"), "{schemas:?}");
    first.release();
    state.wait_for_the_end();
}

#[test]
fn a_test_killed_while_it_waits_for_a_template_gives_its_place_back() {
    a_killed_waiter_gives_its_place_back("builds", ["one", "one"]);
}

#[test]
fn a_test_killed_while_it_waits_to_build_a_template_gives_its_place_back() {
    a_killed_waiter_gives_its_place_back("builds", ["one", "other"]);
}

#[test]
fn a_test_killed_while_it_waits_to_fill_its_schema_gives_its_place_back() {
    a_killed_waiter_gives_its_place_back("fills", ["one", "one"]);
}

#[test]
fn connections_that_tests_leave_are_ended() {
    let state = State::new();
    let programs = small_server(&state);
    let user = state.user("leaves_connections");
    let user = user.env("ISOLATED_POSTGRES_BIN", &programs);
    all_pass([user.env("ISOLATED_REPEAT", "20")]);
    state.wait_for_the_end();
}

#[test]
fn two_hosts_share_the_connections_of_a_server_that_exists() {
    let state = State::new();
    let programs = small_server(&state);
    let server = state
        .user_of_empty()
        .env("ISOLATED_POSTGRES_BIN", &programs);
    let mut server = server.start();
    let main = main_database(&server.hear("url"));
    let hosts = [State::new(), State::new()];
    let user = |number: usize| {
        let user = hosts[number % 2].user("connects");
        user.env("ISOLATED_POSTGRES", &main)
    };
    all_pass((0..TESTS).map(user));
    for host in hosts {
        host.wait_for_the_end();
    }
    server.release();
    state.wait_for_the_end();
}

#[test]
fn a_server_that_has_ended_all_connections_fails_one_statement() {
    let state = State::new();
    let mut last = state.user_of_empty().start();
    let main = main_database(&last.hear("url"));
    let mut client = Client::connect(&main, NoTls).unwrap();
    // Meanwhile, each test has a connection of the host.
    stop_copies(&mut client);
    let users: Vec<_> = (0..8).map(|_| state.user_of_empty().start()).collect();
    let copying = "SELECT count(*)::text FROM pg_stat_activity \
                   WHERE query LIKE 'CREATE DATABASE%' AND wait_event_type = 'Lock'";
    while ask(&main, copying).parse::<u32>().unwrap() < 4 {
        std::thread::yield_now();
    }
    client.batch_execute("ROLLBACK").unwrap();
    for mut user in users {
        user.hear("url");
        user.release();
    }
    let end = "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE backend_type = 'client backend' AND datname = 'postgres' AND pid <> pg_backend_pid()";
    let rows = client.query(end, &[]).unwrap();
    let ended: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
    assert!(ended.len() >= 4, "{ended:?}");
    let left = "SELECT FROM pg_stat_activity WHERE pid = ANY ($1)";
    while !client.query(left, &[&ended]).unwrap().is_empty() {
        std::thread::yield_now();
    }
    let run = state.user("connects").run();
    // A thread that works ahead may have noticed it before.
    if !run.status.success() {
        let complaint = state.complaint(&run);
        let way_out = "; see the log of the server";
        assert!(complaint.ends_with(way_out), "{complaint}");
    }
    for _ in 0..2 {
        let _ = state.user("connects").run().passed();
    }
    last.release();
    state.end_the_host();
}
