//! Tests in subprocesses whose parents are killed at random instants.
//!
//! Several parents at once run tests that abort, exit, hang, panic, or leave daemons behind, until
//! each parent is killed. Afterwards no process of any test is left, everything is free, and no
//! test has passed by mistake.

#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use isolated_test_tests::witness::Counters;
use isolated_test_tests::{Random, State, plain};

/// Minimum number of bodies that run in total.
const BODIES: u64 = 1_000;

/// Number of parents that run at the same time.
const PARENTS: u64 = 6;

/// Indices of the shared counters. The numbers of ports follow them.
const BEGUN: usize = 0;
const PASSED_WRONGLY: usize = 1;
const FAILED_WRONGLY: usize = 2;
const PORTS: usize = 3;
const ALL: usize = 64;

mod inner {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::Path;
    use std::sync::atomic::Ordering;

    use isolated_test::{Port, TmpDir, isolated};
    use isolated_test_tests::witness::Counters;
    use isolated_test_tests::{Random, ends, say};

    use super::{ALL, BEGUN, FAILED_WRONGLY, PASSED_WRONGLY, PORTS};

    fn counters() -> Counters {
        let path = std::env::var_os("COUNTERS").unwrap();
        Counters::open(Path::new(&path), ALL).unwrap()
    }

    fn begin(port: &Port, tmpdir: &TmpDir) {
        let counters = counters();
        let number = counters.at(BEGUN).fetch_add(1, Ordering::Relaxed);
        let place = PORTS + usize::try_from(number).unwrap() % (ALL - PORTS);
        let port = u64::from(port.number());
        counters.at(place).store(port, Ordering::Relaxed);
        std::fs::write(tmpdir.join("file"), "text").unwrap();
    }

    fn leave_a_daemon() {
        if ends::become_daemon().unwrap() {
            ends::ignore_requests_to_end();
            ends::stay();
        }
    }

    #[isolated(
        process,
        port,
        tmpdir(keep = "never"),
        shared = "crash",
        limit("crashing", 4)
    )]
    mod tests {
        use super::{Port, TmpDir, begin, ends, leave_a_daemon};

        #[test]
        #[ignore = "started by another test"]
        fn passes(port: &Port, tmpdir: &TmpDir) {
            begin(port, tmpdir);
        }

        #[test]
        #[ignore = "started by another test"]
        fn leaves_daemons(port: &Port, tmpdir: &TmpDir) {
            begin(port, tmpdir);
            leave_a_daemon();
            leave_a_daemon();
        }

        #[test]
        #[ignore = "started by another test"]
        fn panics(port: &Port, tmpdir: &TmpDir) {
            begin(port, tmpdir);
            panic!("on purpose");
        }

        #[test]
        #[ignore = "started by another test"]
        fn aborts(port: &Port, tmpdir: &TmpDir) {
            begin(port, tmpdir);
            leave_a_daemon();
            std::process::abort();
        }

        #[test]
        #[ignore = "started by another test"]
        fn exits(port: &Port, tmpdir: &TmpDir) {
            begin(port, tmpdir);
            std::process::exit(0);
        }

        #[isolated_test::isolated(timeout = "20ms")]
        #[test]
        #[ignore = "started by another test"]
        fn hangs(port: &Port, tmpdir: &TmpDir) {
            begin(port, tmpdir);
            ends::stay();
        }

        /// This test has no time limit.
        #[test]
        #[ignore = "started by another test"]
        fn stays(port: &Port, tmpdir: &TmpDir) {
            begin(port, tmpdir);
            leave_a_daemon();
            ends::ignore_requests_to_end();
            ends::stay();
        }

        pub(super) const PASS: [fn(); 2] = [passes, leaves_daemons];
        pub(super) const FAIL: [fn(); 5] = [panics, aborts, exits, hangs, stays];
    }

    /// Runs tests at random, until it is killed.
    #[test]
    #[ignore = "started by another test"]
    fn lives() {
        say("lives");
        let mut random = Random::new(Random::new_seed());
        let counters = counters();
        loop {
            let number = usize::try_from(random.below(13)).unwrap();
            let (test, wrong) = match number % 7 {
                pass @ 0..2 => (tests::PASS[pass], FAILED_WRONGLY),
                fail => (tests::FAIL[fail - 2], PASSED_WRONGLY),
            };
            let has_passed = catch_unwind(AssertUnwindSafe(test)).is_ok();
            if has_passed == (wrong == PASSED_WRONGLY) {
                counters.at(wrong).fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    #[isolated(process, tmpdir, port, serial = "crash", limit("crashing", 4), alone)]
    #[test]
    #[ignore = "started by another test"]
    fn has_everything(port: &Port) {
        port.listen().unwrap();
    }
}

#[test]
fn a_thousand_bodies_leave_nothing() {
    let seed = Random::new_seed();
    let state = State::new();
    let file = state.scratch().join("counters");
    let counters = Counters::open(&file, ALL).unwrap();
    thread::scope(|scope| {
        for number in 0..PARENTS {
            let (state, counters, file) = (&state, &counters, &file);
            scope.spawn(move || {
                let mut random = Random::new(seed ^ number);
                while counters.at(BEGUN).load(Ordering::Relaxed) < BODIES {
                    let mut victim = state.inner("lives").env("COUNTERS", file).start();
                    if random.below(4) > 0 {
                        victim.hear("lives");
                    }
                    // Any instant will do; this does not wait for anything.
                    thread::sleep(Duration::from_micros(random.below(120_000)));
                    assert!(!victim.has_ended(), "{:?}", victim.finish());
                    victim.kill();
                }
            });
        }
    });
    state.wait_until_records_are_free();
    assert_eq!(state.processes(), [], "seed {seed}");
    let of = |counter: usize| counters.at(counter).load(Ordering::Relaxed);
    assert_eq!(
        (of(PASSED_WRONGLY), of(FAILED_WRONGLY)),
        (0, 0),
        "seed {seed}"
    );
    let _ = state
        .inner("has_everything")
        .env("ISOLATED_LOCK_TIMEOUT", "5s")
        .run()
        .passed();
    assert_eq!(state.runs(), [] as [PathBuf; 0], "seed {seed}");
    for port in (PORTS..ALL).filter_map(|place| u16::try_from(of(place)).ok()) {
        drop(plain::listen_when_free(port));
    }
}
