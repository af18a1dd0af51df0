//! Suites with a database for each test, beside `sqlx::test` and beside one database for all tests.
//!
//! The suites belong to other packages, so that this one depends on no database. In each run, a test
//! of isolated-test holds the server (`holder`) while the suite runs, and nobody else uses that server.

mod twice;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bounded::{Bounded, Ended};
use crate::place::{self, Place};
use crate::rows::Row;
use crate::suite::{has_nextest, in_summary};
use crate::{Result, binaries, hosts, progress};

/// A server that waits for the disk takes minutes.
const BOUND: Duration = Duration::from_mins(20);

/// How long a server stays that nobody uses.
const LINGER: &str = "100ms";

/// The package with the suites of `sqlx::test`, and the one with the others and the holders.
const PACKAGES: [&str; 2] = ["tests/databases", "runtime/postgres"];

/// The environment of a suite.
#[derive(Clone, Copy)]
enum Server {
    /// A server of isolated-test, which runs already: the holder of this name has it.
    Held(&'static str),
    /// None: the suite starts it.
    Started,
    /// The one that this command has found in `DATABASE_URL`, in this variable.
    Given(&'static str),
}

/// A way to run a suite: its name, the package, the module of its tests, the server, and whether
/// it runs one test at a time.
type Way = (&'static str, usize, &'static str, Server, bool);

const MIGRATED: [Way; 3] = [
    ("`sqlx::test`", 0, "sqlx_test", Server::Held("empty"), false),
    ("isolated-test", 0, "isolated", Server::Held("empty"), false),
    (
        "isolated-test, which starts the server",
        0,
        "isolated",
        Server::Started,
        false,
    ),
];

const ELSEWHERE: [Way; 2] = [
    (
        "`sqlx::test`",
        0,
        "sqlx_test",
        Server::Given("DATABASE_URL"),
        false,
    ),
    (
        "isolated-test",
        0,
        "isolated",
        Server::Given("ISOLATED_POSTGRES"),
        false,
    ),
];

const WORKING: [Way; 3] = [
    (
        "one database for all",
        1,
        "shared",
        Server::Held("shop"),
        false,
    ),
    (
        "one database, one test at a time",
        1,
        "shared",
        Server::Held("shop"),
        true,
    ),
    ("isolated-test", 1, "isolated", Server::Held("shop"), false),
];

/// How the tests of a suite run.
#[derive(Clone, Copy)]
struct Runner {
    name: &'static str,
    threads: u32,
    is_nextest: bool,
}

const RUNNERS: [Runner; 3] = [
    Runner {
        name: "cargo test, 2 threads",
        threads: 2,
        is_nextest: false,
    },
    Runner {
        name: "cargo test, 8 threads",
        threads: 8,
        is_nextest: false,
    },
    Runner {
        name: "nextest, 8 at once",
        threads: 8,
        is_nextest: true,
    },
];

pub(crate) fn measure(quick: bool) -> Result<Vec<Row>> {
    let psql = Command::new("psql").arg("--version").output();
    if !psql.is_ok_and(|output| output.status.success()) {
        progress::say("databases: left out, because PostgreSQL is not installed");
        return Ok(Vec::new());
    }
    progress::say("databases: building");
    let manifests = PACKAGES.map(|package| {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(package)
            .join("Cargo.toml")
    });
    let [migrated] = binaries::build_at(&manifests[0], ["measured"])?;
    let [working] = binaries::build_at(&manifests[1], ["measured"])?;
    let suites = Suites {
        binaries: [migrated, working],
        manifests,
        other: env::var("DATABASE_URL").ok(),
    };
    let few = if quick { 1 } else { 3 };
    let mut rows = Vec::new();
    suites.measure("100 migrations", &MIGRATED, &RUNNERS, few, &mut rows)?;
    let rounds = if quick { 1 } else { 7 };
    suites.measure("20 ms of work", &WORKING, &RUNNERS, rounds, &mut rows)?;
    suites.run_twice(few, &mut rows)?;
    if suites.other.is_some() {
        let case = "100 migrations on the server of `DATABASE_URL`";
        suites.measure(case, &ELSEWHERE, &RUNNERS[1..2], 1, &mut rows)?;
    }
    Ok(rows)
}

struct Suites {
    binaries: [PathBuf; 2],
    manifests: [PathBuf; 2],
    /// The URL of a server that runs already.
    other: Option<String>,
}

impl Suites {
    /// Measures each way with each runner, in turns.
    fn measure(
        &self,
        title: &str,
        ways: &[Way],
        runners: &[Runner],
        rounds: u32,
        rows: &mut Vec<Row>,
    ) -> Result<()> {
        for runner in runners {
            if runner.is_nextest && !has_nextest() {
                progress::say("databases: without nextest, which is not installed");
                continue;
            }
            let case = format!("{title}, {}", runner.name);
            for round in 0..rounds {
                let number = round + 1;
                progress::say(&format!("databases: {case}, round {number} of {rounds}"));
                for way in ways {
                    let time = self.run(*way, *runner)?;
                    rows.push(Row::new(&case, way.0, round, time, "s"));
                }
            }
        }
        Ok(())
    }

    /// Returns the seconds that a suite takes.
    fn run(&self, way: Way, runner: Runner) -> Result<f64> {
        let (method, package, module, server, alone) = way;
        let threads = if alone { 1 } else { runner.threads };
        let tests = format!("{module}::");
        let suite = self.command(package, &tests, threads, runner.is_nextest)?;
        let ended = self.with_server(server, &suite)?;
        let (whole, errors) = (ended.time.as_secs_f64(), ended.stderr.clone());
        let output = ended.expect(method)?;
        let held = output.lines().find_map(|line| line.strip_prefix("took "));
        Ok(match held {
            _ if runner.is_nextest => in_summary(&errors)?,
            Some(time) => time.parse()?,
            None => whole,
        })
    }

    /// Runs a command with this server, and waits until all servers that were started for it have ended: the
    /// next one has the processors to itself.
    fn with_server(&self, server: Server, words: &[String]) -> Result<Ended> {
        let place = Place::create()?;
        let mut command = if let Server::Held(holder) = server {
            let mut holder = place.test(&self.binaries[1], &format!("holder::{holder}"));
            holder
                .arg("--ignored")
                .env("MEASURED_COMMAND", words.join("\n"));
            holder
        } else {
            let mut command = Command::new(&words[0]);
            command.args(&words[1..]);
            place.contain(&mut command);
            command
        };
        if let Server::Given(variable) = server {
            command.envs(self.other.iter().map(|url| (variable, url)));
        }
        command.env("ISOLATED_LINGER", LINGER);
        let ended = Bounded::start(command)?.wait(BOUND)?;
        hosts::wait_for_hosts(&place.path().join("isolated"))?;
        Ok(ended)
    }

    /// The words of a command that runs tests: those whose names contain a text.
    fn command(
        &self,
        package: usize,
        tests: &str,
        threads: u32,
        nextest: bool,
    ) -> Result<Vec<String>> {
        let text = |path: &Path| path.to_str().map(str::to_owned).ok_or("a strange path");
        let tests = tests.to_owned();
        let threads = format!("--test-threads={threads}");
        let words = if nextest {
            let (manifest, target) = (text(&self.manifests[package])?, text(&place::target()?)?);
            let program = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
            let mut words = vec![program, "nextest".into(), "run".into()];
            words.extend(["--manifest-path".into(), manifest]);
            words.extend(["--target-dir".into(), target]);
            let options = "--test measured --run-ignored only --status-level none --color never";
            words.extend(options.split(' ').map(str::to_owned));
            words.extend([threads, tests]);
            words
        } else {
            let binary = text(&self.binaries[package])?;
            vec![binary, tests, "--ignored".into(), threads]
        };
        Ok(words)
    }
}
