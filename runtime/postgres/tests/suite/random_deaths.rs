//! Tests, hosts, servers and supervisors, killed at random instants.
//!
//! No test hangs or sees rows of another one, and after one more test nothing is left: no process,
//! database, directory or shared memory. More deaths than usual:
//!
//! ```sh
//! KILLS=1000 cargo test -p isolated-test-postgres --test suite random_deaths
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use isolated_test_tests::processes::is_alive;
use isolated_test_tests::{Finished, Inner, PATIENCE, Random, Running, State};

use crate::asking::{Servers, databases, has_segment, main_database, segment};

/// The number of tests that run at the same time.
const USERS: usize = 4;

/// The message of a test that sees rows of another one.
const STRANGE: &str = "rows of another test";

mod inner {
    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::Random;
    use postgres::{Client, NoTls};

    use super::STRANGE;

    /// Writes rows for a random time, and counts them.
    #[isolated(db = Postgres::migrations("tests/migrations"))]
    #[test]
    #[ignore = "started by another test"]
    fn writes(db: &Database) -> Result<(), postgres::Error> {
        let mut client = Client::connect(db.url(), NoTls)?;
        let me = std::process::id().to_string();
        for id in 0..=i32::try_from(Random::new(Random::new_seed()).below(40)).unwrap() {
            client.execute("INSERT INTO customers VALUES ($1, $2)", &[&id, &me])?;
            let sql = "SELECT count(*), count(*) FILTER (WHERE name = $1) FROM customers";
            let row = client.query_one(sql, &[&me])?;
            let counts: (i64, i64) = (row.get(0), row.get(1));
            assert_eq!(counts, (i64::from(id) + 1, i64::from(id) + 1), "{STRANGE}");
        }
        Ok(())
    }
}

fn kills() -> usize {
    let kills = std::env::var("KILLS").ok();
    kills.map_or(60, |kills| kills.parse().expect("a number"))
}

/// A running test, and whether it was killed.
struct User {
    running: Running,
    is_killed: bool,
}

/// Kills processes that belong to a state directory, while tests run.
struct Killing<'a> {
    state: &'a State,
    server: Option<String>,
    random: Random,
    seed: u64,
    /// The directories of the servers, with the segments that they guard their data by.
    files: BTreeMap<PathBuf, Option<String>>,
    killed: BTreeMap<String, usize>,
    failed: BTreeSet<String>,
    passed: usize,
}

impl<'a> Killing<'a> {
    fn new(state: &'a State, server: Option<String>) -> Self {
        let seed = Random::new_seed();
        Killing {
            state,
            server,
            random: Random::new(seed),
            seed,
            files: BTreeMap::new(),
            killed: BTreeMap::new(),
            failed: BTreeSet::new(),
            passed: 0,
        }
    }

    fn user(&self) -> Inner<'a> {
        let user = self.state.user("writes").env("ISOLATED_KEEP", "never");
        match &self.server {
            Some(server) => user.env("ISOLATED_POSTGRES", server),
            None => user,
        }
    }

    fn run(&mut self) {
        let mut users: Vec<User> = Vec::new();
        let mut killed = 0;
        while killed < kills() {
            while users.len() < USERS {
                users.push(User {
                    running: self.user().start(),
                    is_killed: false,
                });
            }
            // Killing is the load, and its instants are random.
            std::thread::sleep(Duration::from_millis(self.random.below(60)));
            self.note_files();
            killed += usize::from(self.kill_one(&mut users));
            let (ended, running) = users
                .into_iter()
                .partition::<Vec<_>, _>(|_| self.random.below(3) == 0);
            users = running;
            for user in ended {
                self.finish(user);
            }
        }
        for user in users {
            self.finish(user);
        }
        // Now all at once.
        while let all @ [_, ..] = &self.state.processes()[..] {
            self.note_files();
            let all: Vec<_> = all.iter().map(|(process, _)| process.to_string()).collect();
            let _ = Command::new("kill").arg("-KILL").args(all).output();
        }
        let _ = self.user().run().passed();
        self.state.wait_for_the_end();
        eprintln!("{} passed, killed {:?}", self.passed, self.killed);
        eprintln!("failed: {:#?}", self.failed);
    }

    fn kill_one(&mut self, users: &mut [User]) -> bool {
        let all = self.state.processes();
        if all.is_empty() {
            return false;
        }
        let chosen = usize::try_from(self.random.below(1_000)).unwrap() % all.len();
        let (victim, name) = &all[chosen];
        for user in users {
            user.is_killed |= user.running.id() == *victim;
        }
        let mut kill = Command::new("kill");
        let sent = kill.args(["-KILL", &victim.to_string()]).output().unwrap();
        while is_alive(*victim) {
            std::thread::yield_now();
        }
        if sent.status.success() {
            *self.killed.entry(name.clone()).or_default() += 1;
        }
        sent.status.success()
    }

    fn finish(&mut self, user: User) {
        let run = user.running.finish();
        if run.status.success() {
            self.passed += 1;
        } else if !user.is_killed {
            self.failed.insert(why(&run, self.seed));
        }
    }

    /// Notes the directories of servers: those of running ones, and those that hosts have recorded.
    fn note_files(&mut self) {
        let mut texts: Vec<Vec<u8>> = Vec::new();
        for (process, _) in self.state.processes() {
            texts.extend(fs::read(format!("/proc/{process}/cmdline")));
        }
        for record in self.state.runs().iter().filter(|path| path.is_file()) {
            texts.extend(fs::read(record));
        }
        for text in texts {
            let text = String::from_utf8_lossy(&text).into_owned();
            for part in text.split(|one: char| one.is_whitespace() || one == '\0') {
                let Some(begin) = part.find("/dev/shm/isolated-postgres-") else {
                    continue;
                };
                let files: PathBuf = Path::new(&part[begin..]).iter().take(4).collect();
                let segment = segment(&files);
                let known = self.files.entry(files).or_default();
                *known = segment.or(known.take());
            }
        }
    }

    fn assert_nothing_is_left(&self) {
        let seed = self.seed;
        assert_eq!(self.state.processes(), [], "seed {seed}");
        let read =
            |path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).replace('\0', "");
        let records: Vec<_> = self.state.runs().into_iter().map(read).collect();
        assert_eq!(records, [] as [String; 0], "seed {seed}");
        for (files, segment) in &self.files {
            assert!(!files.exists(), "{}, seed {seed}", files.display());
            // The system removes it with the last process of the server, which may end a little later.
            let deadline = Instant::now() + PATIENCE;
            while segment.as_ref().is_some_and(|segment| has_segment(segment)) {
                assert!(Instant::now() < deadline, "{segment:?}, seed {seed}");
                std::thread::yield_now();
            }
        }
    }
}

/// Why a test has failed that was not killed. It was told: its host, its server, or the way to them
/// has ended.
fn why(run: &Finished, seed: u64) -> String {
    const REASONS: [&str; 12] = [
        "the connection to the server is lost",
        "the host of `postgres`",
        "the host of the server",
        "the server has closed the connection",
        "terminating connection",
        "connection closed",
        "Connection reset by peer",
        "Broken pipe",
        "error connecting to server",
        // The errors of a client whose server has just ended, as the test shows them.
        "kind: Connect",
        "kind: Closed",
        "the database system is",
    ];
    let text = format!("{}\n{}", run.output, run.errors);
    assert!(!text.contains(STRANGE), "seed {seed}: {text}");
    let reason = REASONS.iter().find(|reason| text.contains(**reason));
    (*reason.unwrap_or_else(|| panic!("not told, seed {seed}: {text}"))).to_owned()
}

#[test]
fn nothing_is_left_of_tests_hosts_and_servers() {
    let state = State::new();
    let mut killing = Killing::new(&state, None);
    killing.run();
    assert!(!killing.files.is_empty());
    killing.assert_nothing_is_left();
}

#[test]
fn no_database_is_left_on_a_server_that_exists() {
    let serving = State::new();
    let mut server = serving.user_of_empty().start();
    let main = main_database(&server.hear("url"));
    let own = databases(&main);
    let state = State::new();
    let mut killing = Killing::new(&state, Some(main.clone()));
    killing.run();
    killing.assert_nothing_is_left();
    let mut left = databases(&main);
    left.retain(|name| !own.contains(name) && name.starts_with("isolated_"));
    // The template stays.
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].starts_with("isolated_template_"), "{left:?}");
    server.release();
    serving.wait_for_the_end();
}
