//! Tests in a process of their own, by each of those who can.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// What the bare process runs.
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

/// Calls the test of isolated-test so many times.
pub(crate) fn isolated(times: u32) -> Vec<Duration> {
    measured("processes::isolated::process", times, isolated::process)
}

/// Calls that of rusty-fork.
pub(crate) fn rusty_fork(times: u32) -> Vec<Duration> {
    measured("processes::rusty::process", times, rusty::call)
}

/// Calls that of test-fork.
pub(crate) fn test_fork(times: u32) -> Vec<Duration> {
    measured("processes::forked::process", times, || {
        assert!(forked::process() == ExitCode::SUCCESS);
    })
}

/// Calls that of `sealed_test`.
pub(crate) fn sealed_test(times: u32) -> Vec<Duration> {
    measured("processes::sealed::process", times, sealed::call)
}

/// Calls something while so many MiB more are resident in this process.
fn beside<T>(mebibytes: usize, call: impl FnOnce() -> T) -> T {
    let memory = std::hint::black_box(vec![1_u8; mebibytes << 20]);
    let result = call();
    drop(memory);
    result
}

/// Calls that of isolated-test in a small process.
pub(crate) fn isolated_small(times: u32) -> Vec<Duration> {
    beside(10, || isolated(times))
}

/// Calls that of isolated-test in a large process.
pub(crate) fn isolated_large(times: u32) -> Vec<Duration> {
    beside(1024, || isolated(times))
}

/// Calls the bare one in a large process.
pub(crate) fn floor_large(times: u32) -> Vec<Duration> {
    beside(1024, || floor(times))
}

/// Calls that of `sealed_test` in a large process.
pub(crate) fn sealed_test_large(times: u32) -> Vec<Duration> {
    beside(1024, || sealed_test(times))
}

/// Calls the bare one that is not forked.
pub(crate) fn spawned(times: u32) -> Vec<Duration> {
    measured("processes::empty", times, crate::floor::spawned_process)
}

/// Calls the bare one.
pub(crate) fn floor(times: u32) -> Vec<Duration> {
    measured("processes::empty", times, crate::floor::process)
}

/// Calls a test in a thread of the test's name, as the test runner does: the process of the test
/// finds it by that name.
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
