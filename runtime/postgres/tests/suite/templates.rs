//! Templates on a server that runs already: how long they stay.

use isolated_test_tests::{Inner, Running, State};
use postgres::{Client, NoTls};

use crate::asking::{Servers, ask, main_database};

mod inner {
    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::{hold, say};

    /// Has a template for each value of the variable.
    #[isolated(db = Postgres::prepared("templates", std::env::var("CONTENT").unwrap(), |_| std::io::Result::Ok(())))]
    #[test]
    #[ignore = "started by another test"]
    fn uses(db: &Database) {
        say(&format!("url {}", db.url()));
        hold();
    }

    #[isolated(db = Postgres::prepared("templates", std::env::var("CONTENT").unwrap(), |_| std::io::Result::Ok(())))]
    #[test]
    #[ignore = "started by another test"]
    fn uses_briefly() {}

    fn slow() -> Postgres {
        Postgres::prepared("slow", 1, |_| {
            say("prepares");
            hold();
            std::io::Result::Ok(())
        })
    }

    /// Builds one template after the other.
    #[isolated(db = slow(), _other = Postgres::prepared("quick", 1, |_| std::io::Result::Ok(())))]
    #[test]
    #[ignore = "started by another test"]
    fn uses_two(db: &Database) {
        say(&format!("url {}", db.url()));
        hold();
    }
}

/// A server with other hosts on it.
struct Existing {
    state: State,
    server: Running,
    main: String,
    client: Client,
}

impl Existing {
    fn start() -> Self {
        let state = State::new();
        let mut server = state.user_of_empty().start();
        let main = main_database(&server.hear("url"));
        let client = Client::connect(&main, NoTls).unwrap();
        Existing {
            state,
            server,
            main,
            client,
        }
    }

    fn user<'a>(&self, host: &'a State, test: &str, content: &str) -> Inner<'a> {
        let user = host.user(test).env("ISOLATED_POSTGRES", &self.main);
        user.env("CONTENT", content)
    }

    /// All templates, with their comments.
    fn templates(&mut self) -> Vec<(String, Option<String>)> {
        let sql = "SELECT datname::text, shobj_description(oid, 'pg_database') FROM pg_database \
                   WHERE datname LIKE 'isolated\\_template\\_%' ORDER BY oid";
        let rows = self.client.query(sql, &[]).unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    fn comment(&mut self, template: &str, comment: &str) {
        let sql = format!("COMMENT ON DATABASE {template} IS {comment}");
        self.client.batch_execute(&sql).unwrap();
    }

    fn end(self) {
        self.server.release();
        self.state.wait_for_the_end();
    }
}

#[test]
fn templates_that_were_not_used_for_long_are_removed_unless_a_host_uses_them() {
    let mut existing = Existing::start();
    let hosts = [State::new(), State::new(), State::new()];
    let old = existing.user(&hosts[0], "uses_briefly", "old").run();
    let _ = old.passed();
    let _ = existing
        .user(&hosts[0], "uses_briefly", "unknown")
        .run()
        .passed();
    hosts[0].wait_for_the_end();
    let before = existing.templates();
    let [old, unknown] = [0, 1].map(|index| before[index].0.clone());
    existing.comment(&unknown, "NULL");
    // Connected to another database, where locks are others.
    existing
        .client
        .batch_execute("CREATE DATABASE other")
        .unwrap();
    let (server, _) = existing.main.rsplit_once('/').unwrap();
    let other = format!("{server}/other");
    let used = existing.user(&hosts[1], "uses", "used");
    let mut used = used.env("ISOLATED_POSTGRES", other).start();
    used.hear("url");
    // This host has looked for old templates.
    while existing.templates()[1].1.is_none() {
        std::thread::yield_now();
    }

    let today = ask(&existing.main, "SELECT to_char(current_date, 'YYYY-MM-DD')");
    let today = format!("isolated-test: last used {today}");
    let all = existing.templates();
    assert_eq!(all.len(), 3, "{all:?}");
    for (template, comment) in &all {
        assert_eq!(comment.as_ref(), Some(&today), "{template}");
    }
    let used_one = all[2].0.clone();
    existing.comment(&old, "'isolated-test: last used 2020-01-01'");
    // The last one that is decided on is the one that goes.
    existing.comment(&used_one, "'isolated-test: last used 2020-01-02'");

    let mut new = existing.user(&hosts[2], "uses", "new").start();
    new.hear("url");
    while existing
        .templates()
        .iter()
        .any(|(template, _)| *template == old)
    {
        std::thread::yield_now();
    }
    let after = existing.templates();
    assert_eq!(after.len(), 3, "{after:?}");
    assert!(after.contains(&(unknown, Some(today.clone()))), "{after:?}");
    let used_one = (
        used_one,
        Some("isolated-test: last used 2020-01-02".to_owned()),
    );
    assert!(after.contains(&used_one), "{after:?}");

    new.release();
    used.release();
    for host in &hosts {
        host.wait_for_the_end();
    }
    // Its next use is noted.
    let _ = existing
        .user(&hosts[0], "uses_briefly", "used")
        .run()
        .passed();
    hosts[0].wait_for_the_end();
    let last = existing.templates();
    assert!(last.contains(&(used_one.0, Some(today))), "{last:?}");
    existing.end();
}

#[test]
fn a_template_that_somebody_has_dropped_is_built_again() {
    let mut existing = Existing::start();
    let host = State::new();
    let mut user = existing.user(&host, "uses", "dropped").start();
    user.hear("url");
    let (template, _) = existing.templates().pop().unwrap();
    for sql in ["ALTER DATABASE {} IS_TEMPLATE false", "DROP DATABASE {}"] {
        // It fails while a copy is being made.
        while existing
            .client
            .batch_execute(&sql.replace("{}", &template))
            .is_err()
        {
            std::thread::yield_now();
        }
    }
    // More than wait.
    let next = existing.user(&host, "uses_briefly", "dropped");
    let _ = next.env("ISOLATED_REPEAT", "10").run().passed();
    assert_eq!(existing.templates().len(), 1);
    user.release();
    host.wait_for_the_end();
    existing.end();
}

#[test]
fn a_host_that_loses_the_session_of_its_locks_takes_them_again() {
    let mut existing = Existing::start();
    let host = State::new();
    let mut user = existing.user(&host, "uses_two", "none").start();
    user.hear("prepares");
    let locks = "FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' \
                 AND classid = hashtext('isolated-test templates')::oid";
    let ended = format!("SELECT count(pg_terminate_backend(pid)) {locks}");
    let ended = existing.client.query_one(&ended, &[]).unwrap();
    assert_eq!(ended.get::<_, i64>(0), 1);
    user.tell("release");
    user.hear("url");
    let count = ask(&existing.main, &format!("SELECT count(*)::text {locks}"));
    assert_eq!(count, "2");
    user.release();
    host.wait_for_the_end();
    existing.end();
}
