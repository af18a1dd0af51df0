//! Threads that contend for the same keys, and the time they wait although they could run.

use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::observed::say;

mod isolated {
    use isolated_test::isolated;

    #[isolated(serial = ["a", "b"])]
    #[test]
    pub(super) fn both() {
        super::body();
    }

    #[isolated(serial = "a")]
    #[test]
    pub(super) fn serial() {
        super::body();
    }

    #[isolated(shared = "a")]
    #[test]
    pub(super) fn shared() {
        super::body();
    }
}

mod serial_test_peer {
    use serial_test::{file_parallel, file_serial, parallel, serial};

    #[test]
    #[serial(a, b)]
    pub(super) fn both() {
        super::body();
    }

    #[test]
    #[serial(a)]
    pub(super) fn serial() {
        super::body();
    }

    #[test]
    #[parallel(a)]
    pub(super) fn parallel() {
        super::body();
    }

    #[test]
    #[file_serial(a, b)]
    pub(super) fn file_both() {
        super::body();
    }

    #[test]
    #[file_serial(a)]
    pub(super) fn file_serial() {
        super::body();
    }

    #[test]
    #[file_parallel(a)]
    pub(super) fn file_parallel() {
        super::body();
    }
}

/// Start and end of each body.
static BODIES: Mutex<Vec<(Instant, Instant)>> = Mutex::new(Vec::new());
/// Number of bodies that have begun.
static BEGUN: Mutex<usize> = Mutex::new(0);
static HAS_BEGUN: Condvar = Condvar::new();

/// Duration of a body, in milliseconds: the load itself. It far exceeds everything else, because no
/// event tells that other tests wait for their keys meanwhile.
static LENGTH: AtomicU64 = AtomicU64::new(1);
/// Whether a body ends when the next one has begun.
static IS_RELAYED: AtomicBool = AtomicBool::new(false);

fn body() {
    let begun = Instant::now();
    let mut count = BEGUN.lock().expect("no body panics");
    *count += 1;
    let mine = *count;
    HAS_BEGUN.notify_all();
    let length = Duration::from_millis(LENGTH.load(Ordering::Relaxed));
    if IS_RELAYED.load(Ordering::Relaxed) {
        let next = HAS_BEGUN.wait_timeout_while(count, length, |count| *count == mine);
        drop(next.expect("no body panics"));
    } else {
        drop(count);
        thread::sleep(length);
    }
    let mut bodies = BODIES.lock().expect("no body panics");
    bodies.push((begun, Instant::now()));
}

/// Waits until this many bodies have begun.
fn wait_for_bodies(number: usize) {
    let count = BEGUN.lock().expect("no body panics");
    let enough = HAS_BEGUN.wait_while(count, |count| *count < number);
    drop(enough.expect("no body panics"));
}

fn flock_exclusive() {
    let file = File::create(crate::observed::file("flock")).expect("it can be written");
    file.lock().expect("locks are supported");
    body();
}

fn flock_shared() {
    let file = File::create(crate::observed::file("flock")).expect("it can be written");
    file.lock_shared().expect("locks are supported");
    body();
}

/// The tests of one peer that take both keys, one key, and one key shared.
fn tests() -> [fn(); 3] {
    match &*std::env::var("COMPARE_METHOD").expect("the command sets it") {
        "isolated-test" => [isolated::both, isolated::serial, isolated::shared],
        "serial" => [
            serial_test_peer::both,
            serial_test_peer::serial,
            serial_test_peer::parallel,
        ],
        "file_serial" => [
            serial_test_peer::file_both,
            serial_test_peer::file_serial,
            serial_test_peer::file_parallel,
        ],
        "flock" => [flock_exclusive, flock_exclusive, flock_shared],
        method => panic!("there is no method {method}"),
    }
}

/// Two tests take two keys and one reads the first. A peer that deadlocks never ends.
#[test]
fn cycle() {
    let [both, _, shared] = tests();
    LENGTH.store(30, Ordering::Relaxed);
    for _ in 0..5 {
        thread::scope(|scope| {
            spawn_and_enter(scope, shared);
            scope.spawn(both);
            scope.spawn(both);
        });
    }
}

/// Measures the longest time in which no body runs, with eight threads and bodies of a millisecond.
#[test]
fn idle() {
    let [_, serial, _] = tests();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..60).for_each(|_| serial()));
        }
    });
    let bodies = BODIES.lock().expect("no body panics");
    let gaps = bodies
        .windows(2)
        .map(|pair| pair[1].0.saturating_duration_since(pair[0].1));
    say(&format!(
        "milliseconds {}",
        gaps.max().unwrap_or_default().as_millis()
    ));
}

fn spawn_and_enter<'a>(scope: &'a thread::Scope<'a, '_>, test: fn()) {
    let before = *BEGUN.lock().expect("no body panics");
    scope.spawn(test);
    wait_for_bodies(before + 1);
}

/// Measures the time from the end of a writer until all eight waiting readers run: the median of
/// five.
#[test]
fn readers() {
    let [_, serial, shared] = tests();
    LENGTH.store(150, Ordering::Relaxed);
    let mut times = [(); 5].map(|()| {
        BODIES.lock().expect("no body panics").clear();
        thread::scope(|scope| {
            spawn_and_enter(scope, serial);
            (0..8).for_each(|_| drop(scope.spawn(shared)));
        });
        let bodies = BODIES.lock().expect("no body panics");
        let end = bodies.first().expect("the writer was first").1;
        let last = bodies.iter().map(|body| body.0).max();
        last.expect("there are readers")
            .saturating_duration_since(end)
    });
    times.sort_unstable();
    say(&format!("milliseconds {}", times[2].as_millis()));
}

/// Measures how long a writer waits for readers that take turns for two seconds, so that one of them
/// holds the key at any time.
#[test]
fn starved() {
    let [_, serial, shared] = tests();
    LENGTH.store(20, Ordering::Relaxed);
    IS_RELAYED.store(true, Ordering::Relaxed);
    let done = AtomicBool::new(false);
    let end = Instant::now() + Duration::from_secs(2);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while Instant::now() < end && !done.load(Ordering::Relaxed) {
                    shared();
                }
            });
        }
        wait_for_bodies(4);
        let asked = Instant::now();
        serial();
        done.store(true, Ordering::Relaxed);
        say(&format!(
            "milliseconds {}",
            asked.elapsed().as_millis().saturating_sub(20)
        ));
    });
}
