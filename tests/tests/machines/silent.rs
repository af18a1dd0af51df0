//! A network that becomes silent.

use std::process::Stdio;
use std::time::{Duration, Instant};

use isolated_test_tests::State;

use crate::network::{Network, URL, Weather};

/// The server, as the holder names it. Encrypted connections need a feature of this package.
const OF_HOLDER: &str = if cfg!(feature = "tls") {
    "postgres://postgres@10.77.0.1/postgres?sslmode=require"
} else {
    URL
};

/// How soon a test ends whose lock is lost in silence: the time after which its side gives up, and two seconds.
const ENDS: Duration = Duration::from_secs(5);

/// How soon the lock is free: the time after which the server gives up, and two seconds.
const FREE: Duration = Duration::from_secs(13);

/// How soon the lock is free at the earliest: well after the holder has given up, whenever the two sides have
/// last heard of each other.
const EARLIEST: Duration = Duration::from_secs(8);

#[test]
fn a_silent_network_ends_the_test_before_the_lock_is_free() {
    let state = State::new();
    let Some(network) = Network::start(&state.scratch(), 2) else {
        return;
    };
    network.wait_for_server();
    let machines = [State::new(), State::new()];
    let _gates = [machines[0].gate("writes"), machines[1].gate("writes")];
    let start = |machine: usize| {
        let mut test = network.on(machine, &std::env::current_exe().unwrap());
        test.args([
            "server::inner::writes",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env("ISOLATED_DIR", machines[machine].path())
        .env("ISOLATED_LOCKS", [OF_HOLDER, URL][machine])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
        isolated_test_tests::Running::of(test)
    };
    let mut holder = start(0);
    let first: u64 = holder.hear("held").parse().unwrap();
    let mut next = start(1);
    next.hear_error("waiting for");
    network.set(0, &Weather::Silent);
    let silent = Instant::now();
    let run = holder.finish().failed();
    let ended = silent.elapsed();
    assert!(ended < ENDS, "{ended:?}");
    assert!(
        run.errors
            .contains("lost serial \"staging\" across machines while the test ran: "),
        "{}",
        run.errors
    );
    assert!(!next.has_said("held"), "{:?}", silent.elapsed());
    let second: u64 = next.hear("held").parse().unwrap();
    let free = silent.elapsed();
    println!("ended after {ended:?}, free after {free:?}");
    assert!(
        (EARLIEST..FREE).contains(&free) && second > first,
        "{free:?}"
    );
    next.kill();
}
