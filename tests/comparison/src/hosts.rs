//! Servers that tests share or start: how long until they answer, and how many there are.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::binaries::MANIFEST;
use crate::bounded::Bounded;
use crate::place::Place;
use crate::rows::Row;
use crate::suite::{has_nextest, nextest};
use crate::{Result, binaries, progress};

const BOUND: Duration = Duration::from_mins(3);

pub(crate) fn measure(quick: bool) -> Result<Vec<Row>> {
    progress::say("hosts: building");
    let [measured, suite] = binaries::build(["measured", "suite_shared"])?;
    let rounds = if quick { "5" } else { "101" };
    let mut rows = Vec::new();
    for (what, test) in [("shared", "hosts::shared"), ("started", "hosts::started")] {
        if what == "started" && !has_redis() {
            progress::say("hosts: without redis-server, which is not installed");
            continue;
        }
        progress::say(&format!("hosts: {what}"));
        let mut command = Place::create()?.test(&measured, test);
        command.env("COMPARE_ROUNDS", rounds);
        let printed = Bounded::start(command)?
            .wait(BOUND)?
            .expect("a measurement")?;
        rows.extend(printed.lines().filter_map(Row::read));
    }
    for round in 0..if quick { 1 } else { 5 } {
        progress::say(&format!(
            "hosts: 200 tests in two runs, round {}",
            round + 1
        ));
        let direct = || Ok(Command::new(&suite));
        rows.extend(two_runs("cargo test", round, direct)?);
        if has_nextest() {
            let eight = || {
                let mut nextest = nextest(MANIFEST, "suite_shared")?;
                nextest.args(["--no-fail-fast", "--status-level=none", "--test-threads=8"]);
                Ok(nextest)
            };
            rows.extend(two_runs("nextest, 8 at once", round, eight)?);
        }
    }
    Ok(rows)
}

fn has_redis() -> bool {
    let version = Command::new("redis-server").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// Runs the suite twice at the same time, and waits until its servers have ended.
fn two_runs(how: &str, round: u32, run: impl Fn() -> Result<Command>) -> Result<Vec<Row>> {
    let place = Place::create()?;
    let notes = place.path().join("notes");
    let start = || {
        let mut run = run()?;
        place.contain(&mut run);
        run.env("COMPARE_NOTES", &notes);
        Bounded::start(run)
    };
    for run in [start()?, start()?] {
        run.wait(BOUND)?.expect("a suite with a shared server")?;
    }
    wait_for_hosts(&place.path().join("isolated"))?;
    let notes = fs::read_to_string(notes)?;
    let times = |word| notes.lines().filter(|line| *line == word).count();
    let row = |what: &str, number: usize| {
        let case = format!("{what}, 400 tests in two runs at once");
        #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
        Row::new(&case, how, round, number as f64, "")
    };
    Ok(vec![
        row("starts of a shared server", times("start")),
        row("ends of a shared server", times("end")),
        row("processes that are left", processes(place.path())?),
    ])
}

/// Waits until each host that is still in the state directory has ended.
pub(crate) fn wait_for_hosts(state: &Path) -> Result<()> {
    for entry in fs::read_dir(state)? {
        let entry = entry?.path();
        match File::open(entry.join("life")) {
            // The host has it locked as long as it lives.
            Ok(life) => life.lock()?,
            Err(_) if entry.is_dir() => wait_for_hosts(&entry)?,
            Err(_) => {}
        }
    }
    Ok(())
}

/// The number of processes with a variable that names a place.
fn processes(place: &Path) -> Result<usize> {
    let place = place
        .to_str()
        .ok_or("the temporary directory has a strange name")?;
    let processes = fs::read_dir("/proc")?.flatten();
    let of_place = processes.filter(|process| {
        let variables = fs::read(process.path().join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&variables).contains(place)
    });
    Ok(of_place.count())
}
