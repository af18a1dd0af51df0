//! Tests that share a key and still run at the same time.

use crate::Result;
use crate::bounded::Bounded;
use crate::failures::stage::{PATIENCE, Stage};
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

const MET: &str = "two tests with one key run at the same time";

fn nested(stage: &Stage, peer: &str) -> Result<Seen> {
    let open = stage.open()?;
    let ended = open.run_all(&format!("nested::{peer}"))?;
    judged(&[ended.stdout + &ended.stderr])
}

fn two_processes(stage: &Stage, peer: &str) -> Result<Seen> {
    let open = stage.open()?;
    let one = Bounded::start(open.test(&format!("nested::{peer}::one")))?;
    let two = Bounded::start(open.test(&format!("nested::{peer}::two")))?;
    let (one, two) = (one.wait(PATIENCE)?, two.wait(PATIENCE)?);
    judged(&[one.stdout + &one.stderr, two.stdout + &two.stderr])
}

fn judged(printed: &[String]) -> Result<Seen> {
    if printed.iter().any(|text| text.contains(MET)) {
        return Ok(Seen::new(true, "both ran at the same time"));
    }
    if let Some(text) = printed
        .iter()
        .find(|text| !text.contains("test result: ok"))
    {
        return Err(format!("a demonstration failed:\n{text}").into());
    }
    Ok(Seen::new(false, "one ran after the other"))
}
