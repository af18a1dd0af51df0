//! `transaction`: what is left when a test ends or is killed.

use isolated_test_tests::State;

use crate::asking::{Servers, ask, main_database};

mod inner {
    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::{hold, say};

    use crate::asking::ask;
    use crate::rolled_back::{connect, count, insert, shop};

    #[isolated(db = shop())]
    #[test]
    #[ignore = "started by another test"]
    fn works(db: &Database) {
        let mut client = connect(db);
        assert_eq!(count(&mut client), 0);
        let key = std::env::var("KEY").unwrap().parse().unwrap();
        insert(&mut client, key).unwrap();
        say(&format!("url {}", db.url()));
        hold();
        assert_eq!(count(&mut client), 1);
    }

    fn slow() -> Postgres {
        let postgres = Postgres::prepared("slow", 1, |_| {
            say("prepares");
            hold();
            std::io::Result::Ok(())
        });
        postgres.transaction()
    }

    /// Says which copies of its template the server has.
    #[isolated(db = slow())]
    #[test]
    #[ignore = "started by another test"]
    fn counts(db: &Database) {
        say("has it");
        hold();
        let copies = "SELECT string_agg(datname::text, ' ') FROM pg_database WHERE datname ~ '^(shared|ready)_'";
        say(&format!("copies {}", ask(db.url(), copies)));
        hold();
    }

    #[isolated(db = shop(), process)]
    #[test]
    #[ignore = "started by another test"]
    fn fails_with_a_statement_running(db: &Database) {
        let mut client = connect(db);
        insert(&mut client, 1).unwrap();
        std::thread::spawn(move || client.batch_execute("SELECT pg_sleep(600)"));
        panic!("on purpose");
    }

    #[isolated(db = shop())]
    #[test]
    #[ignore = "started by another test"]
    fn runs_a_statement(db: &Database) {
        let mut client = connect(db);
        insert(&mut client, 1).unwrap();
        say("runs");
        client.batch_execute("SELECT pg_sleep(600)").unwrap();
    }

    #[isolated(db = shop())]
    #[test]
    #[ignore = "started by another test"]
    fn forgets_its_connections(db: &Database) {
        let mut client = connect(db);
        insert(&mut client, 1).unwrap();
        client.batch_execute("BEGIN").unwrap();
        std::mem::forget((connect(db), client));
        let mut busy = connect(db);
        std::thread::spawn(move || count(&mut busy));
        say(&format!("url {}", db.url()));
    }
}

/// The number of transactions that are open in the shared database.
fn open_transactions(main: &str) -> String {
    ask(
        main,
        "SELECT count(*)::text FROM pg_stat_activity WHERE datname LIKE 'shared_%' AND xact_start IS NOT NULL",
    )
}

#[test]
fn tests_see_nothing_of_each_other_and_leave_nothing() {
    let state = State::new();
    let start = |key: &str| state.user("works").env("KEY", key).start();
    let (mut one, mut other) = (start("1"), start("2"));
    let (url, second) = (one.hear("url"), other.hear("url"));
    assert_ne!(url, second);
    assert_eq!(
        url.rsplit_once('/').unwrap().1,
        second.rsplit_once('/').unwrap().1
    );
    // The host knows the server; a test with its own database says where it is.
    let mut third = state.user_of_empty().start();
    let main = main_database(&third.hear("url"));
    one.kill();
    while open_transactions(&main) != "1" {}
    // The same key again, and nobody waits for the dead.
    let mut one = start("1");
    one.hear("url");
    one.release();
    other.release();
    while open_transactions(&main) != "0" {}
    let left = std::fs::read_dir(crate::asking::files(&main)).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        left.iter().all(|name| ["data", "layers", "socket", "host"]
            .map(Into::into)
            .contains(name)),
        "{left:?}"
    );
    third.release();
    state.wait_for_the_end();
}

#[test]
fn tests_that_ask_at_the_same_time_share_the_only_copy() {
    let state = State::new();
    let mut first = state.user("counts").start();
    first.hear("prepares");
    let mut others = [(); 2].map(|()| state.user("counts").start());
    for other in &mut others {
        other.hear_error("waiting for the migrations");
    }
    first.tell("release");
    let [second, third] = others;
    let mut all = [first, second, third];
    for user in &mut all {
        user.hear("has it");
    }
    for user in &mut all {
        user.tell("release");
        let copies = user.hear("copies");
        assert_eq!(copies.split(' ').count(), 1, "{copies}");
    }
    for user in all {
        user.release();
    }
    state.wait_for_the_end();
}

#[test]
fn a_statement_that_runs_at_the_end_is_cancelled() {
    let state = State::new();
    let mut other = state.user_of_empty().start();
    let main = main_database(&other.hear("url"));
    let run = state.user("fails_with_a_statement_running").run().failed();
    assert!(run.errors.contains(" (rolled back)"), "{}", run.errors);
    while open_transactions(&main) != "0" {}
    let run = state.user("forgets_its_connections").run().passed();
    assert!(run.said("url").is_some());
    while open_transactions(&main) != "0" {}
    let mut killed = state.user("runs_a_statement").start();
    killed.hear("runs");
    let sleeping = "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    while ask(&main, sleeping) != "1" {}
    killed.kill();
    while open_transactions(&main) != "0" {}
    other.release();
    // Nothing is kept, so nobody waits for people.
    state.wait_for_the_end();
}
