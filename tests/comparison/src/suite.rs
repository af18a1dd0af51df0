//! Run time of a whole suite with each method of isolating its tests, under both test runners.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::binaries::MANIFEST;
use crate::bounded::Bounded;
use crate::place::{self, Place};
use crate::rows::Row;
use crate::{Result, binaries, progress};

const TARGETS: [&str; 4] = [
    "suite_plain",
    "suite_isolated",
    "suite_serial",
    "suite_file_serial",
];
const BOUND: Duration = Duration::from_mins(1);

/// A way to run the suite: its name, the index of its target, and whether it runs on a single
/// thread.
type Way = (&'static str, usize, bool);

const IN_ONE_PROCESS: [Way; 5] = [
    ("`--test-threads=1`", 0, true),
    ("isolated-test", 1, false),
    ("serial_test `serial`", 2, false),
    ("serial_test `file_serial`", 3, false),
    ("nothing keeps them apart", 0, false),
];

/// `serial` is missing here: it has no effect when each test runs in its own process.
const IN_PROCESSES: [Way; 4] = [
    ("`--test-threads=1`", 0, true),
    ("isolated-test", 1, false),
    ("serial_test `file_serial`", 3, false),
    ("nothing keeps them apart", 0, false),
];

pub(crate) fn measure(quick: bool) -> Result<Vec<Row>> {
    progress::say("suite: building");
    let binaries = binaries::build(TARGETS)?;
    let rounds = if quick { 2 } else { 5 };
    let mut rows = Vec::new();
    for (case, threads) in [("cargo test, 2 threads", 2), ("cargo test, 8 threads", 8)] {
        for round in 0..rounds {
            progress::say(&format!("suite: {case}, round {} of {rounds}", round + 1));
            for (method, index, alone) in IN_ONE_PROCESS {
                let threads = if alone { 1 } else { threads };
                let time = in_one_process(&binaries[index], threads)?;
                rows.push(Row::new(case, method, round, time, "s"));
            }
        }
    }
    if !has_nextest() {
        progress::say("suite: without nextest, which is not installed");
        return Ok(rows);
    }
    let case = "nextest, 8 at once";
    for (_, index, _) in IN_PROCESSES {
        in_processes(nextest(MANIFEST, TARGETS[index])?, 8)?; // Builds, and lists the tests once.
    }
    for round in 0..rounds.min(3) {
        progress::say(&format!(
            "suite: {case}, round {} of {}",
            round + 1,
            rounds.min(3)
        ));
        for (method, index, alone) in IN_PROCESSES {
            let time = in_processes(
                nextest(MANIFEST, TARGETS[index])?,
                if alone { 1 } else { 8 },
            )?;
            rows.push(Row::new(case, method, round, time, "s"));
        }
    }
    Ok(rows)
}

/// Wall time of a test binary, run as `cargo test` runs it, in seconds.
pub(crate) fn in_one_process(binary: &Path, threads: u32) -> Result<f64> {
    let place = Place::create()?;
    let mut command = Command::new(binary);
    command.arg(format!("--test-threads={threads}"));
    place.contain(&mut command);
    let ended = Bounded::start(command)?.wait(BOUND)?;
    let time = ended.time.as_secs_f64();
    ended.expect("a suite")?;
    Ok(time)
}

pub(crate) fn has_nextest() -> bool {
    let nextest = binaries::cargo().args(["nextest", "--version"]).output();
    nextest.is_ok_and(|output| output.status.success())
}

/// `cargo nextest run` for a target of the package with this manifest.
pub(crate) fn nextest(manifest: impl AsRef<OsStr>, target: &str) -> Result<Command> {
    let mut command = binaries::cargo();
    command
        .args(["nextest", "run", "--manifest-path"])
        .arg(manifest)
        .args(["--test", target])
        .arg("--target-dir")
        .arg(place::target()?);
    Ok(command)
}

/// Time that nextest reports for running tests, in seconds.
pub(crate) fn in_processes(mut nextest: Command, at_once: u32) -> Result<f64> {
    let place = Place::create()?;
    nextest
        .args([
            "--no-fail-fast",
            "--status-level",
            "none",
            "--color",
            "never",
        ])
        .arg(format!("--test-threads={at_once}"));
    place.contain(&mut nextest);
    let ended = Bounded::start(nextest)?.wait(BOUND)?;
    let said = ended.stderr.clone();
    ended.expect("a suite under nextest")?;
    in_summary(&said)
}

/// Time that nextest has printed for running tests, in seconds.
pub(crate) fn in_summary(said: &str) -> Result<f64> {
    let summary = said
        .split("Summary [")
        .nth(1)
        .and_then(|rest| rest.split('s').next());
    let time = summary.and_then(|time| time.trim().parse().ok());
    time.ok_or_else(|| format!("nextest printed no summary:\n{said}").into())
}
