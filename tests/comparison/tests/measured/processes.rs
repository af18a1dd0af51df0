//! Tests in a subprocess, with each crate that supports this.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// The test that the bare subprocess runs.
#[test]
pub(crate) fn empty() {}

mod isolated {
    use isolated_test::isolated;

    #[isolated(process)]
    #[test]
    pub(crate) fn process() {}
}

mod rusty {
    use rusty_fork::rusty_fork_test;

    rusty_fork_test! {
        #[test]
        fn process() {}
    }

    pub(crate) fn call() {
        process();
    }
}

mod forked {
    #[test_fork::fork]
    #[test]
    pub(crate) fn process() {}
}

mod sealed {
    use sealed_test::prelude::*;

    #[sealed_test]
    fn process() {}

    pub(crate) fn call() {
        process();
    }
}

/// Calls the test with isolated-test `times` times.
pub(crate) fn isolated(times: u32) -> Vec<Duration> {
    measured("processes::isolated::process", times, isolated::process)
}

/// Calls the test with rusty-fork.
pub(crate) fn rusty_fork(times: u32) -> Vec<Duration> {
    measured("processes::rusty::process", times, rusty::call)
}

/// Calls the test with test-fork.
pub(crate) fn test_fork(times: u32) -> Vec<Duration> {
    measured("processes::forked::process", times, || {
        assert!(forked::process() == ExitCode::SUCCESS);
    })
}

/// Calls the test with `sealed_test`.
pub(crate) fn sealed_test(times: u32) -> Vec<Duration> {
    measured("processes::sealed::process", times, sealed::call)
}

/// Runs `call` while `mebibytes` more MiB are resident in this process.
fn beside<T>(mebibytes: usize, call: impl FnOnce() -> T) -> T {
    let memory = std::hint::black_box(vec![1_u8; mebibytes << 20]);
    let result = call();
    drop(memory);
    result
}

/// Calls the test with isolated-test from a small process.
pub(crate) fn isolated_small(times: u32) -> Vec<Duration> {
    beside(10, || isolated(times))
}

/// Calls the test with isolated-test from a large process.
pub(crate) fn isolated_large(times: u32) -> Vec<Duration> {
    beside(1024, || isolated(times))
}

/// Starts the bare subprocess from a large process.
pub(crate) fn floor_large(times: u32) -> Vec<Duration> {
    beside(1024, || floor(times))
}

/// Calls the test with `sealed_test` from a large process.
pub(crate) fn sealed_test_large(times: u32) -> Vec<Duration> {
    beside(1024, || sealed_test(times))
}

/// Starts the bare subprocess without a fork.
pub(crate) fn spawned(times: u32) -> Vec<Duration> {
    measured("processes::empty", times, crate::floor::spawned_process)
}

/// Starts the bare subprocess.
pub(crate) fn floor(times: u32) -> Vec<Duration> {
    measured("processes::empty", times, crate::floor::process)
}

/// Calls a test in a thread with the test's name, as the test runner does. The subprocess finds the
/// test by that name.
fn measured(name: &str, times: u32, call: fn()) -> Vec<Duration> {
    let calls = move || {
        let one = || {
            let start = Instant::now();
            call();
            start.elapsed()
        };
        (0..times).map(|_| one()).collect()
    };
    let thread = thread::Builder::new().name(name.to_owned()).spawn(calls);
    let ended = thread.expect("a thread can be started").join();
    ended.unwrap_or_else(|_| panic!("{name} failed"))
}
