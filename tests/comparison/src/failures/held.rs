//! Locks whose holder is killed, whose file is deleted, or whose next holder is another user.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::Result;
use crate::bounded::{Bounded, Ended};
use crate::failures::stage::{HANGING, PATIENCE, READY, Stage};
use crate::failures::{Demonstration, Seen};

const FILE_SERIAL: (&str, &str, &str) = ("serial_test", "`file_serial`", "serial_test_peer");
/// The uid of `nobody` on most systems.
const NOBODY: u32 = 65_534;

pub(crate) const DEMONSTRATIONS: &[Demonstration] = &[
    Demonstration {
        number: 2,
        failure: "after the SIGKILL of a reader, a writer hangs",
        peers: &[("serial_test", "`file_parallel`", "serial_test_peer")],
        ours: "isolated",
        show: killed_reader,
    },
    Demonstration {
        number: 6,
        failure: "a second user of the machine fails",
        peers: &[FILE_SERIAL],
        ours: "isolated",
        show: second_user,
    },
    Demonstration {
        number: 7,
        failure: "two hold the key after its lock file was deleted",
        peers: &[FILE_SERIAL],
        ours: "isolated",
        show: deleted,
    },
    Demonstration {
        number: 19,
        failure: "a forked child of a killed test keeps the lock",
        peers: &[FILE_SERIAL],
        ours: "isolated",
        show: forked,
    },
];

/// Judges a waiter that should have acquired the key.
fn waited(ended: Ended) -> Result<Seen> {
    if ended.status.is_none() {
        let what = format!("hung, ended after {} s", HANGING.as_secs());
        return Ok(Seen::new(true, what));
    }
    let time = ended.time.as_millis();
    ended.expect("a test that wants a key")?;
    Ok(Seen::new(
        false,
        format!("the next one passed after {time} ms"),
    ))
}

fn killed_reader(stage: &Stage, peer: &str) -> Result<Seen> {
    let mut open = stage.open()?;
    open.start(&format!("held::{peer}::holds_shared"))?.kill();
    waited(open.run(&format!("held::{peer}::wants"), HANGING)?)
}

fn second_user(stage: &Stage, peer: &str) -> Result<Seen> {
    if !rustix::process::getuid().is_root() {
        return Ok(Seen::new(
            false,
            "not tried, because only root can become somebody else",
        ));
    }
    let mut open = stage.open()?;
    let test = format!("held::{peer}::wants");
    open.run(&test, PATIENCE)?
        .expect("a test of the first user")?;
    // The other user may not be able to run a binary in the target directory.
    let copy = open.place.path().join("failing");
    fs::copy(&stage.failing, &copy)?;
    let mut command = open.place.test(&copy, &test);
    command.current_dir("/").uid(NOBODY).gid(NOBODY);
    let ended = Bounded::start(command)?.wait(PATIENCE)?;
    if ended.passed() {
        return Ok(Seen::new(false, "the second user passed"));
    }
    let printed = ended.stdout + &ended.stderr;
    let what = if printed.contains("Permission denied") {
        "permission denied"
    } else {
        "the second user failed"
    };
    Ok(Seen::new(true, what))
}

fn deleted(stage: &Stage, peer: &str) -> Result<Seen> {
    let mut open = stage.open()?;
    let holder = open.start(&format!("held::{peer}::holds"))?;
    let removed = remove_files(&open.place.path().join("tmp"))?
        + remove_files(&open.place.path().join("isolated/locks"))?;
    if removed == 0 {
        return Err("there was no lock file to delete".into());
    }
    let ended = open.run(
        &format!("held::{peer}::wants"),
        Duration::from_millis(1_500),
    )?;
    holder.kill();
    let both = ended.status.is_some();
    let what = if both {
        "both ran at the same time"
    } else {
        "the second one waited for the first"
    };
    Ok(Seen::new(both, what))
}

fn remove_files(folder: &Path) -> Result<u32> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(0);
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn forked(stage: &Stage, peer: &str) -> Result<Seen> {
    let mut open = stage.open()?;
    let mut holder = open.start(&format!("held::{peer}::forks"))?;
    holder.kill_alone()?;
    let mut seen = waited(open.run(&format!("held::{peer}::wants"), HANGING)?)?;
    // It has ended already if the failure did not occur.
    if let Some(fork) = Pid::from_raw(open.calls.number(READY)?) {
        let _ = rustix::process::kill_process(fork, Signal::KILL);
    }
    if peer == "isolated" {
        seen.what.push_str(" (with `process`)");
    }
    Ok(seen)
}
