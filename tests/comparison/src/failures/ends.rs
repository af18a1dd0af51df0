//! Leftovers of tests that end other than by returning.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use crate::Result;
use crate::failures::stage::{PATIENCE, Stage};
use crate::failures::{Demonstration, Seen};

pub(crate) const DEMONSTRATIONS: &[Demonstration] = &[
    Demonstration {
        number: 10,
        failure: "after a panic the next test with the lock fails or hangs",
        peers: &[
            ("", "std `Mutex` by hand", "mutex"),
            ("serial_test", "`serial`", "serial::both"),
            ("serial_test", "`file_serial`", "file_serial::both"),
        ],
        ours: "isolated::both",
        show: panicked,
    },
    Demonstration {
        number: 11,
        failure: "cleanup is skipped after a panic",
        peers: &[
            ("sealed_test", "`after`", "sealed"),
            ("test-context", "`teardown`", "context"),
        ],
        ours: "isolated",
        show: cleaned,
    },
    Demonstration {
        number: 13,
        failure: "a test that returns `Err` each time passes when it is retried",
        peers: &[("flaky_test", "", "flaky")],
        ours: "isolated",
        show: retried,
    },
    Demonstration {
        number: 14,
        failure: "the server of a test whose time was up keeps its port",
        peers: &[("rusty-fork", "`timeout_ms`", "rusty")],
        ours: "isolated",
        show: timed_out,
    },
    Demonstration {
        number: 15,
        failure: "the variables of two asynchronous tests mix",
        peers: &[("temp-env", "`async_with_vars`", "temp_env_peer")],
        ours: "isolated",
        show: variables,
    },
    Demonstration {
        number: 19,
        failure: "a program that a test has started outlives it",
        peers: &[
            ("rusty-fork", "", "rusty"),
            ("test-fork", "", "forked"),
            ("sealed_test", "", "sealed"),
        ],
        ours: "isolated",
        show: outlived,
    },
    Demonstration {
        number: 20,
        failure: "the directory of a killed test stays",
        peers: &[
            ("tempfile", "", "tempfile_peer"),
            ("sealed_test", "", "sealed"),
        ],
        ours: "isolated",
        show: piled_up,
    },
];

fn panicked(stage: &Stage, test: &str) -> Result<Seen> {
    let mut open = stage.open()?;
    let ended = open.run(&format!("cleanup::panics::{test}"), PATIENCE)?;
    let got = ended.passed() && ended.stdout.contains("got it");
    let what = match (got, ended.stderr.contains("PoisonError")) {
        (true, _) => "the next one got it",
        (false, true) => "the next one failed with `PoisonError`",
        (false, false) => "the next one did not get it",
    };
    Ok(Seen::new(!got, what))
}

fn cleaned(stage: &Stage, peer: &str) -> Result<Seen> {
    let mut open = stage.open()?;
    let ended = open.run(&format!("cleanup::teardown::{peer}::fails"), PATIENCE)?;
    if ended.passed() {
        return Err("a test passed that panics".into());
    }
    let done = open.read("cleaned").is_some();
    Ok(Seen::new(
        !done,
        if done { "was done" } else { "was not done" },
    ))
}

fn retried(stage: &Stage, test: &str) -> Result<Seen> {
    let mut open = stage.open()?;
    let passed = open
        .run(&format!("cleanup::retried::{test}"), PATIENCE)?
        .passed();
    let what = match (passed, test) {
        (true, _) => "it passed",
        (false, "isolated") => "it failed (with `retries = 2`)",
        (false, _) => "it failed",
    };
    Ok(Seen::new(passed, what))
}

fn timed_out(stage: &Stage, peer: &str) -> Result<Seen> {
    let mut open = stage.open()?;
    let test = format!("processes::hangs::{peer}::with_a_server");
    let ended = open.run(&test, PATIENCE)?;
    if ended.passed() || ended.status.is_none() {
        return Err("a test did not fail when its time was up".into());
    }
    let lives = open.still_lingers("serves")?;
    let kept = TcpListener::bind(("127.0.0.1", open.calls.number("serves")?)).is_err();
    if kept != lives {
        return Err("the port was not that of the server".into());
    }
    let what = if kept {
        "the port was still in use"
    } else {
        "the port was free"
    };
    Ok(Seen::new(kept, what))
}

fn variables(stage: &Stage, test: &str) -> Result<Seen> {
    let mut open = stage.open()?;
    let running = open.start_all(&format!("processes::variables::{test}"))?;
    let ended = open.wait(running, PATIENCE)?;
    let mixed = !ended.passed() || ended.stdout.contains("mixed");
    let what = if mixed {
        "they mixed"
    } else {
        "each had its own"
    };
    Ok(Seen::new(mixed, what))
}

fn outlived(stage: &Stage, peer: &str) -> Result<Seen> {
    let mut open = stage.open()?;
    let ended = open.run(&format!("processes::leaves::{peer}::program"), PATIENCE)?;
    ended.expect("a test that starts a program")?;
    let lives = open.still_lingers("lingers")?;
    Ok(Seen::new(
        lives,
        if lives {
            "it still ran"
        } else {
            "it was ended"
        },
    ))
}

fn piled_up(stage: &Stage, peer: &str) -> Result<Seen> {
    let mut open = stage.open()?;
    let killed = open.start(&format!("cleanup::directories::{peer}::killed"))?;
    let during = directories(open.place.path())?;
    killed.kill();
    let next = open.run(&format!("cleanup::directories::{peer}::next"), PATIENCE)?;
    next.expect("the next test")?;
    let left = directories(open.place.path())?;
    if during == 0 {
        return Err("a test made no directory".into());
    }
    Ok(Seen::new(
        left > 0,
        format!("{left} of {during} left after the next run"),
    ))
}

/// Counts the directories of tests: those beside our records and those in the temporary directory.
fn directories(place: &Path) -> Result<usize> {
    let mut count = folders(&place.join("tmp"))?.len();
    for record in folders(&place.join("isolated/runs"))? {
        count += folders(&record)?.len();
    }
    Ok(count)
}

fn folders(path: &Path) -> Result<Vec<std::path::PathBuf>> {
    let Ok(entries) = fs::read_dir(path) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}
