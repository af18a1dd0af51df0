//! Suites with a database for each test, beside `sqlx::test` and beside one database for all tests.
//!
//! The suites belong to other packages, so that this one depends on no database. In each run, a test
//! of isolated-test holds the server (`holder`) while the suite runs, and nobody else uses that server.

mod twice;

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bounded::{Bounded, Ended};
use crate::place::Place;
use crate::rows::Row;
use crate::suite::{self, has_nextest, in_summary};
use crate::{Result, binaries, hosts, progress};

/// A server that waits for the disk takes minutes.
const BOUND: Duration = Duration::from_mins(20);

/// How long a server stays that nobody uses.
const LINGER: &str = "100ms";

/// The test target with the suites, in each package.
const TARGET: &str = "measured";

/// The packages with suites.
#[derive(Clone, Copy)]
enum Package {
    /// Those of `sqlx::test` and the same with isolated-test.
    Sqlx,
    /// The others, and the holders.
    Postgres,
}

impl Package {
    fn manifest(self) -> PathBuf {
        let dir = match self {
            Package::Sqlx => "tests/databases",
            Package::Postgres => "runtime/postgres",
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        root.join(dir).join("Cargo.toml")
    }
}

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

/// A way to run a suite.
#[derive(Clone, Copy)]
struct Way {
    method: &'static str,
    package: Package,
    /// The module of its tests.
    module: &'static str,
    server: Server,
    /// Whether it runs one test at a time.
    is_serial: bool,
}

const SQLX: Way = Way {
    method: "`sqlx::test`",
    package: Package::Sqlx,
    module: "sqlx_test",
    server: Server::Held("empty"),
    is_serial: false,
};

const ISOLATED: Way = Way {
    method: "isolated-test",
    module: "isolated",
    ..SQLX
};

const MIGRATED: [Way; 3] = [
    SQLX,
    ISOLATED,
    Way {
        method: "isolated-test, which starts the server",
        server: Server::Started,
        ..ISOLATED
    },
];

const ELSEWHERE: [Way; 2] = [
    Way {
        server: Server::Given("DATABASE_URL"),
        ..SQLX
    },
    Way {
        server: Server::Given("ISOLATED_POSTGRES"),
        ..ISOLATED
    },
];

const SHARED: Way = Way {
    method: "one database for all",
    package: Package::Postgres,
    module: "shared",
    server: Server::Held("shop"),
    is_serial: false,
};

const WORKING: [Way; 3] = [
    SHARED,
    Way {
        method: "one database, one test at a time",
        is_serial: true,
        ..SHARED
    },
    Way {
        method: "isolated-test",
        module: "isolated",
        ..SHARED
    },
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
    let [sqlx] = binaries::build_at(&Package::Sqlx.manifest(), [TARGET])?;
    let [postgres] = binaries::build_at(&Package::Postgres.manifest(), [TARGET])?;
    let suites = Suites {
        sqlx,
        postgres,
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
    /// The binary of the first package.
    sqlx: PathBuf,
    /// The binary of the other package.
    postgres: PathBuf,
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
                    let time = self.run(way, *runner)?;
                    rows.push(Row::new(&case, way.method, round, time, "s"));
                }
            }
        }
        Ok(())
    }

    /// Returns the seconds that a suite takes.
    fn run(&self, way: &Way, runner: Runner) -> Result<f64> {
        let threads = if way.is_serial { 1 } else { runner.threads };
        let tests = format!("{}::", way.module);
        let suite = if runner.is_nextest {
            let mut nextest = suite::nextest(way.package.manifest(), TARGET)?;
            nextest
                .args(["--run-ignored=only", "--status-level=none", "--color=never"])
                .arg(format!("--test-threads={threads}"))
                .arg(tests);
            nextest
        } else {
            self.in_one_process(way.package, &tests, threads)
        };
        let ended = self.with_server(way.server, suite)?;
        let (whole, errors) = (ended.time.as_secs_f64(), ended.stderr.clone());
        let output = ended.expect(way.method)?;
        let held = output.lines().find_map(|line| line.strip_prefix("took "));
        Ok(match held {
            _ if runner.is_nextest => in_summary(&errors)?,
            Some(time) => time.parse()?,
            None => whole,
        })
    }

    /// A command that runs the tests whose names contain a text.
    fn in_one_process(&self, package: Package, tests: &str, threads: u32) -> Command {
        let mut command = Command::new(match package {
            Package::Sqlx => &self.sqlx,
            Package::Postgres => &self.postgres,
        });
        command
            .args([tests, "--ignored"])
            .arg(format!("--test-threads={threads}"));
        command
    }

    /// Runs a command with this server, and waits until all servers that were started for it have ended: the
    /// next one has the processors to itself.
    fn with_server(&self, server: Server, mut command: Command) -> Result<Ended> {
        let place = Place::create()?;
        if let Server::Held(holder) = server {
            let words = [command.get_program()]
                .into_iter()
                .chain(command.get_args());
            let words: Option<Vec<&str>> = words.map(OsStr::to_str).collect();
            let words = words.ok_or("a path is not UTF-8")?.join("\n");
            command = place.test(&self.postgres, &format!("holder::{holder}"));
            command.arg("--ignored").env("MEASURED_COMMAND", words);
        } else {
            place.contain(&mut command);
        }
        if let Server::Given(variable) = server {
            command.envs(self.other.iter().map(|url| (variable, url)));
        }
        command.env("ISOLATED_LINGER", LINGER);
        let ended = Bounded::start(command)?.wait(BOUND)?;
        hosts::wait_for_hosts(&place.path().join("isolated"))?;
        Ok(ended)
    }
}
