//! Questions of tests, and of the outer tests around them, to a server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use isolated_test_postgres::Database;
use isolated_test_tests::{Finished, Inner, Running, State};
use postgres::{Client, NoTls};

/// Runs a query that returns one text.
pub(crate) fn ask(url: &str, sql: &str) -> String {
    let mut client = Client::connect(url, NoTls).expect("a connection");
    client.query_one(sql, &[]).expect("an answer").get(0)
}

/// Runs `psql`, as people do.
pub(crate) fn psql(url: &str, sql: &str) -> Output {
    let mut psql = Command::new("psql");
    psql.args(["--no-psqlrc", "-At", url, "-c", sql])
        .output()
        .expect("psql")
}

/// Fails as a test with something to look at.
pub(crate) fn leave_evidence(db: &Database) -> ! {
    let made = psql(db.url(), "CREATE TABLE evidence AS SELECT 7 AS id");
    panic!("on purpose: {made:?}");
}

/// Kills the first of two tests while it builds the template of both. The other one builds it, and nothing is left.
pub(crate) fn replace_a_killed_builder(start: impl Fn() -> Running) {
    let mut builder = start();
    let url = builder.hear("builds");
    let mut next = start();
    builder.kill();
    assert_ne!(next.hear("builds"), url);
    next.tell("release");
    let left = databases(&main_database(&next.hear("url")));
    next.release();
    let mut building = left.iter().filter(|name| name.starts_with("building"));
    assert_eq!(building.next(), None, "{left:?}");
}

/// The URL of the database that a failed test keeps, from its report.
pub(crate) fn kept(run: &Finished) -> &str {
    let line = run.errors.lines().find(|line| line.contains("psql '"));
    let line = line.unwrap_or_else(|| panic!("{}", run.errors));
    assert!(line.ends_with("' (kept)"), "{line}");
    line.split('\'').nth(1).unwrap()
}

/// The names of all databases of a server, but those that it begins with.
pub(crate) fn databases(url: &str) -> Vec<String> {
    let mut client = Client::connect(url, NoTls).expect("a connection");
    let sql = "SELECT datname::text FROM pg_database \
               WHERE datname NOT IN ('postgres', 'template0', 'template1') ORDER BY 1";
    let rows = client.query(sql, &[]).expect("an answer");
    rows.iter().map(|row| row.get(0)).collect()
}

/// Begins a transaction of a superuser before whose end no empty database can be copied.
pub(crate) fn stop_copies(client: &mut Client) {
    // Overlays are on a copy of it without files.
    let sql = "SELECT coalesce(min(datname), 'template0')::text FROM pg_database WHERE datname LIKE 'base-%'";
    let copied: String = client.query_one(sql, &[]).expect("an answer").get(0);
    let begun = client.batch_execute(&format!(
        "BEGIN; COMMENT ON DATABASE \"{copied}\" IS 'locked'"
    ));
    begun.expect("a transaction");
}

/// The URL of the database that every server has.
pub(crate) fn main_database(url: &str) -> String {
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/postgres")
}

/// The directory of the server behind a URL.
pub(crate) fn files(url: &str) -> PathBuf {
    let (_, host) = url.split_once('@').unwrap();
    let (host, _) = host.split_once('/').unwrap();
    Path::new(&host.replace("%2F", "/"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The System V segment of the server in a directory, if there is one.
pub(crate) fn segment(files: &Path) -> Option<String> {
    let lock = fs::read_to_string(files.join("data/postmaster.pid")).ok()?;
    let words = lock.lines().nth(6)?;
    words.split_whitespace().nth(1).map(str::to_owned)
}

/// Whether a System V segment exists.
pub(crate) fn has_segment(id: &str) -> bool {
    let segments = fs::read_to_string("/proc/sysvipc/shm").unwrap();
    segments
        .lines()
        .any(|line| line.split_whitespace().nth(1) == Some(id))
}

mod inner {
    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::{hold, say};

    #[isolated(db = Postgres::empty())]
    #[test]
    #[ignore = "started by another test"]
    fn uses(db: &Database) {
        say(&format!("url {}", db.url()));
        hold();
    }

    #[isolated(db = Postgres::empty().schema())]
    #[test]
    #[ignore = "started by another test"]
    fn fails_in_a_schema(db: &Database) {
        super::leave_evidence(db);
    }
}

/// Methods of outer tests for servers.
pub(crate) trait Servers {
    /// An inner test in this state directory, whose server lingers for a short time.
    fn user(&self, test: &str) -> Inner<'_>;
    /// An inner test of this file that has an empty database until it is told to end.
    fn user_of_empty(&self) -> Inner<'_>;
    /// An inner test of this file that leaves a row in its schema and fails.
    fn failing_in_a_schema(&self) -> Inner<'_>;
    /// The process ID of the only host.
    fn host(&self) -> u32;
    /// Ends the only host, which waits for people after a failure.
    fn end_the_host(&self);
    /// Waits until all processes of this directory have ended.
    fn wait_for_the_end(&self);
}

impl Servers for State {
    #[track_caller]
    fn user(&self, test: &str) -> Inner<'_> {
        self.inner(test).env("ISOLATED_LINGER", "50ms")
    }

    fn user_of_empty(&self) -> Inner<'_> {
        self.user("uses")
    }

    fn failing_in_a_schema(&self) -> Inner<'_> {
        self.user("fails_in_a_schema")
    }

    fn host(&self) -> u32 {
        let hosts = self.path().join("hosts");
        let host = fs::read_dir(hosts).unwrap().next().unwrap().unwrap().path();
        let handle = fs::read_to_string(host.join("handle")).unwrap();
        let process = handle.lines().find_map(|line| line.split_once("serving "));
        let process = process.unwrap().1.parse().unwrap();
        assert!(self.processes().iter().any(|(id, _)| *id == process));
        process
    }

    fn end_the_host(&self) {
        signal("-TERM", self.host());
        self.wait_for_the_end();
    }

    fn wait_for_the_end(&self) {
        while !self.processes().is_empty() {
            std::thread::yield_now();
        }
    }
}

pub(crate) fn signal(signal: &str, pid: u32) {
    let sent = Command::new("kill")
        .args([signal, &pid.to_string()])
        .status();
    assert!(sent.unwrap().success());
}
