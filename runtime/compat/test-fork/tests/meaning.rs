//! The meaning of a forked test: its process is its own and ends with it, and nothing passes that should
//! not.

#![cfg(unix)] // Elsewhere, a process dies of other causes than signals.
#![expect(
    clippy::should_panic_without_expect,
    reason = "any panic is what is tested"
)]

#[path = "../../tests/failing.rs"]
mod failing;

use std::sync::atomic::{AtomicU32, Ordering};

use failing::run;

static STARTED: AtomicU32 = AtomicU32::new(0);

#[test_fork::test]
fn has_its_own_statics() {
    assert_eq!(STARTED.fetch_add(1, Ordering::SeqCst), 0);
}

#[test_fork::fork]
#[test]
fn has_its_own_statics_too() {
    assert_eq!(STARTED.fetch_add(1, Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
#[test_fork::fork]
async fn has_its_own_statics_later() {
    tokio::task::yield_now().await;
    assert_eq!(STARTED.fetch_add(1, Ordering::SeqCst), 0);
}

#[test_fork::fork]
#[tokio::test]
async fn has_its_own_statics_above_the_runtime() -> Result<(), std::env::VarError> {
    tokio::task::yield_now().await;
    assert_eq!(STARTED.fetch_add(1, Ordering::SeqCst), 0);
    std::env::var("TEST_FORK_OCCURS").map(drop)
}

#[test_fork::test]
#[should_panic(expected = "on purpose")]
fn expects_a_panic_and_not_a_value() -> Option<u8> {
    assert_eq!(STARTED.fetch_add(1, Ordering::SeqCst), 0);
    assert_eq!(STARTED.load(Ordering::SeqCst), 7, "on purpose");
    None
}

#[test]
fn a_failure_is_a_failure() {
    run("inner::panics").failed_with("on purpose");
    run("inner::panics_later").failed_with("on purpose");
    run("inner::returns_an_error").failed_with("Error: \"on purpose\"");
    run("inner::exits").failed_with("exited with status 0 before the test had ended");
    run("inner::aborts").failed_with("SIGABRT");
}

#[test]
fn only_a_panic_is_expected_by_should_panic() {
    run("inner::expecting::returns").failed_with("test did not panic as expected");
    run("inner::expecting::returns_a_value").failed_with("test did not panic as expected");
    run("inner::expecting::aborts").failed_with("SIGABRT");
    run("inner::expecting::another_text").failed_with("panic did not contain expected string");
}

#[test]
fn what_it_has_started_ends_with_it() {
    let ended = run("inner::leaves_a_process");
    assert!(ended.passed, "{}", ended.output);
    let words = ended.words();
    let child = words.first().expect("the number of a process");
    let signal = std::process::Command::new("kill")
        .args(["-0", child])
        .output();
    assert!(!signal.unwrap().status.success(), "{child} is alive");
}

/// Tests that others start.
mod inner {
    use std::process::{Command, abort, exit};

    #[test_fork::test]
    #[ignore = "started by another test"]
    fn panics() {
        panic!("on purpose");
    }

    #[tokio::test]
    #[test_fork::test]
    #[ignore = "started by another test"]
    async fn panics_later() {
        tokio::task::yield_now().await;
        panic!("on purpose");
    }

    #[test_fork::test]
    #[ignore = "started by another test"]
    fn returns_an_error() -> Result<(), &'static str> {
        Err("on purpose")
    }

    #[test_fork::test]
    #[ignore = "started by another test"]
    fn exits() {
        exit(0);
    }

    #[test_fork::fork]
    #[test]
    #[ignore = "started by another test"]
    fn aborts() {
        abort();
    }

    #[test_fork::test]
    #[ignore = "started by another test"]
    #[expect(clippy::zombie_processes, reason = "it is to stay")]
    fn leaves_a_process() {
        let child = Command::new("sleep").arg("100").spawn().unwrap();
        println!("\n@{}", child.id());
    }

    mod expecting {
        use super::abort;

        #[test_fork::test]
        #[should_panic]
        #[ignore = "started by another test"]
        fn returns() {}

        #[test_fork::test]
        #[should_panic]
        #[ignore = "started by another test"]
        fn returns_a_value() -> Result<(), &'static str> {
            Err("on purpose")
        }

        #[test_fork::test]
        #[should_panic]
        #[ignore = "started by another test"]
        fn aborts() {
            abort();
        }

        #[test_fork::test]
        #[should_panic(expected = "text")]
        #[ignore = "started by another test"]
        fn another_text() {
            panic!("another");
        }
    }
}
