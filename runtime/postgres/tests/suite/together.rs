//! Several checkouts at once, on one server.

use isolated_test_tests::State;

use crate::asking::{Servers, ask};
use crate::programs::{EXEC, programs};

mod inner {
    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::say;

    use crate::asking::{ask, psql};

    fn content() -> String {
        std::env::var("CONTENT").unwrap()
    }

    fn build(url: &str) -> Result<(), &'static str> {
        say("builds");
        let made = psql(url, &format!("CREATE TABLE {} (id int)", content()));
        made.status.success().then_some(()).ok_or("no table")
    }

    #[isolated(db = Postgres::prepared("together", content(), build))]
    #[test]
    #[ignore = "started by another test"]
    fn uses(db: &Database) {
        let sql = "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'";
        assert_eq!(ask(db.url(), sql), content());
        say(&format!("host {}", db.host()));
    }
}

#[test]
fn each_content_is_built_once_and_no_test_gets_another() {
    let state = State::new();
    let mut holder = state.user_of_empty().start();
    holder.hear("url");
    let contents = ["one", "two", "three"];
    let users = (0..12).map(|number| {
        let content = contents[number % contents.len()];
        (content, state.user("uses").env("CONTENT", content).start())
    });
    let users: Vec<_> = users.collect();
    let runs: Vec<_> = users
        .into_iter()
        .map(|(content, user)| (content, user.finish().passed()))
        .collect();
    for content in contents {
        let builders = runs
            .iter()
            .filter(|(other, run)| *other == content && run.said("builds").is_some());
        assert_eq!(builders.count(), 1, "{content}");
    }
    let hosts = runs.iter().map(|(_, run)| run.said("host"));
    let mut hosts: Vec<_> = hosts.collect();
    hosts.dedup();
    assert_eq!(hosts.len(), 1, "{hosts:?}");
    holder.release();
    state.wait_for_the_end();
}

#[test]
fn a_system_without_the_locale_has_a_server_too() {
    let state = State::new();
    let refuse =
        r#"case "$*" in *C.UTF-8*) echo 'initdb: error: invalid locale name' >&2; exit 1;; esac"#;
    let programs = programs(&state, EXEC, &format!("{refuse}\n{EXEC}"));
    let user = state.user_of_empty().env("ISOLATED_POSTGRES_BIN", programs);
    // Without the data that other tests have left there.
    let mut user = user.env("XDG_CACHE_HOME", state.scratch()).start();
    let url = user.hear("url");
    assert_eq!(ask(&url, "SHOW lc_collate"), "C");
    assert_eq!(ask(&url, "SHOW server_encoding"), "UTF8");
    user.release();
    state.wait_for_the_end();
}
