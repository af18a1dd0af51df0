//! Ports that collide, or cannot be allocated at all.

use crate::Result;
use crate::bounded::Bounded;
use crate::failures::stage::{PATIENCE, Stage};
use crate::failures::{Demonstration, Seen};
use crate::ports::collisions;

pub(crate) const DEMONSTRATIONS: &[Demonstration] = &[
    Demonstration {
        number: 16,
        failure: "a picked port is somebody else's when it is used",
        peers: &[
            ("", "bind(0) and drop", "bind(0) and drop"),
            ("portpicker", "", "portpicker"),
        ],
        ours: "isolated-test",
        show: taken,
    },
    Demonstration {
        number: 17,
        failure: "no port on a machine without IPv6",
        peers: &[
            ("portpicker", "", "portpicker_peer"),
            ("", "bind(0) and drop", "bind_and_drop"),
        ],
        ours: "isolated",
        show: without_ipv6,
    },
];

fn taken(stage: &Stage, method: &str) -> Result<Seen> {
    let count = collisions(&stage.measured, method, 1_250)?;
    Ok(Seen::new(count > 0, format!("{count} of 20,000")))
}

fn without_ipv6(stage: &Stage, test: &str) -> Result<Seen> {
    let open = stage.open()?;
    let mut command = open.test(&format!("ports::{test}"));
    isolated_test_tests::plain::without_ipv6(&mut command);
    let ended = Bounded::start(command)?.wait(PATIENCE)?;
    let got = ended.passed() && ended.stdout.contains("a port");
    Ok(Seen::new(
        !got,
        if got { "got a port" } else { "got no port" },
    ))
}
