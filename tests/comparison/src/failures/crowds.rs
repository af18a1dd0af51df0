//! Threads that contend for the same keys.

use crate::Result;
use crate::bounded::Bounded;
use crate::failures::stage::{Open, PATIENCE, Stage};
use crate::failures::{Demonstration, Seen};

const SERIAL: (&str, &str, &str) = ("serial_test", "`serial`, `parallel`", "serial");
const FILE_SERIAL: (&str, &str, &str) = (
    "serial_test",
    "`file_serial`, `file_parallel`",
    "file_serial",
);
const FLOCK: (&str, &str, &str) = ("", "flock by hand", "flock");

pub(crate) const DEMONSTRATIONS: &[Demonstration] = &[
    Demonstration {
        number: 1,
        failure: "two tests with keys a and b, and one that reads a, deadlock",
        peers: &[FILE_SERIAL, SERIAL],
        ours: "isolated-test",
        show: cycle,
    },
    Demonstration {
        number: 3,
        failure: "a woken waiter sleeps for up to a second although the key is free",
        peers: &[SERIAL, FILE_SERIAL],
        ours: "isolated-test",
        show: |stage, method| within(stage, "idle", method, 500, "nobody ran for"),
    },
    Demonstration {
        number: 4,
        failure: "eight readers that wait for a writer do not start together",
        peers: &[SERIAL, FILE_SERIAL],
        ours: "isolated-test",
        show: |stage, method| within(stage, "readers", method, 120, "the last one ran after"),
    },
    Demonstration {
        number: 5,
        failure: "a stream of readers, two seconds long, starves a writer",
        peers: &[SERIAL, FILE_SERIAL, FLOCK],
        ours: "isolated-test",
        show: |stage, method| within(stage, "starved", method, 1_500, "it waited for"),
    },
];

fn start(open: &Open<'_>, test: &str, method: &str) -> Result<Bounded> {
    let mut command = open.test(&format!("crowds::{test}"));
    command.env("COMPARE_METHOD", method);
    Bounded::start(command)
}

fn cycle(stage: &Stage, method: &str) -> Result<Seen> {
    let open = stage.open()?;
    let ended = start(&open, "cycle", method)?.wait(PATIENCE)?;
    if ended.status.is_none() {
        let text = format!("hung, ended after {} s", PATIENCE.as_secs());
        return Ok(Seen::new(true, text));
    }
    let time = ended.time.as_secs_f64();
    ended.expect("a demonstration")?;
    Ok(Seen::new(false, format!("five rounds in {time:.1} s")))
}

/// Compares the time that a test measured with a limit in milliseconds.
fn within(stage: &Stage, test: &str, method: &str, limit: u64, what: &str) -> Result<Seen> {
    let open = stage.open()?;
    let ended = start(&open, test, method)?.wait(PATIENCE)?;
    if ended.status.is_none() {
        return Ok(Seen::new(
            true,
            format!("not done after {} s", PATIENCE.as_secs()),
        ));
    }
    let printed = ended.expect("a demonstration")?;
    let time = printed
        .lines()
        .find_map(|line| line.strip_prefix("milliseconds "));
    let time: u64 = time.ok_or("a demonstration printed no time")?.parse()?;
    Ok(Seen::new(time > limit, format!("{what} {time} ms")))
}
