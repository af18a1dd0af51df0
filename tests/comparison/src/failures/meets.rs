//! Tests that share a key and still run at the same time.

use std::time::Duration;

use crate::Result;
use crate::bounded::Bounded;
use crate::failures::stage::{Open, PATIENCE, Stage};
use crate::failures::{Demonstration, Seen};

pub(crate) const DEMONSTRATIONS: &[Demonstration] = &[
    Demonstration {
        number: 9,
        failure: "the attribute on a module skips the modules inside it, in silence",
        peers: &[("serial_test", "`#[serial] mod`", "serial_test_peer")],
        ours: "isolated::",
        show: nested,
    },
    Demonstration {
        number: 18,
        failure: "tests with one key run together in two processes, as under nextest",
        peers: &[
            ("serial_test", "`serial`", "serial_alone"),
            ("serial_test", "`file_serial`", "file_serial_alone"),
        ],
        ours: "isolated_alone",
        show: two_processes,
    },
];

/// How long the first test is inside if no other one comes in. No event tells that a test waits for
/// its key. If both are inside, this time does not pass.
const ALONE: Duration = Duration::from_secs(2);

fn nested(stage: &Stage, peer: &str) -> Result<Seen> {
    let open = stage.open()?;
    let both = open.start_all(&format!("nested::{peer}"))?;
    judged(&open, vec![both])
}

fn two_processes(stage: &Stage, peer: &str) -> Result<Seen> {
    let open = stage.open()?;
    let one = Bounded::start(open.test(&format!("nested::{peer}::one")))?;
    let two = Bounded::start(open.test(&format!("nested::{peer}::two")))?;
    judged(&open, vec![one, two])
}

/// Keeps the first test that comes in inside, and sees whether the second one comes in.
fn judged(open: &Open<'_>, running: Vec<Bounded>) -> Result<Seen> {
    let first = open.calls.next(PATIENCE)?;
    let second = open.calls.next(ALONE)?;
    let both = second.is_some();
    drop((first, second));
    if !both {
        drop(open.calls.next(PATIENCE)?);
    }
    for tests in running {
        tests.wait(PATIENCE)?.expect("a demonstration")?;
    }
    let what = if both {
        "both ran at the same time"
    } else {
        "one ran after the other"
    };
    Ok(Seen::new(both, what))
}
