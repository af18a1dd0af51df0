//! The meaning of a test in the macro: its process is its own and ends with it, and nothing passes that
//! should not.

#![cfg(unix)] // Elsewhere, a process dies of other causes than signals.

#[path = "../../tests/failing.rs"]
mod failing;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rusty_fork::rusty_fork_test;

use failing::run;

static STARTED: AtomicU32 = AtomicU32::new(0);

rusty_fork_test! {
    #[test]
    fn has_its_own_statics() {
        assert_eq!(STARTED.fetch_add(1, Ordering::SeqCst), 0);
    }

    #[test]
    fn has_its_own_statics_too() {
        assert_eq!(STARTED.fetch_add(1, Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn has_its_own_statics_later() -> Result<(), std::env::VarError> {
        tokio::task::yield_now().await;
        assert_eq!(STARTED.fetch_add(1, Ordering::SeqCst), 0);
        std::env::var("RUSTY_FORK_OCCURS").map(drop)
    }

    #[test]
    fn has_its_own_directory() {
        std::env::set_current_dir("/").unwrap();
    }

    #[test]
    fn is_known_by_a_variable() {
        let value = std::env::var("RUSTY_FORK_OCCURS").unwrap();
        assert!(value.len() == 17 && value.starts_with(':'), "{value}");
    }
}

#[test]
fn a_limit_ends_the_test_and_what_it_has_started() {
    let begin = Instant::now();
    let ended = run("inner::hangs");
    ended.failed_with("timed out after 5s");
    assert!(begin.elapsed() < Duration::from_secs(60));
    let words = ended.words();
    let child = words.first().expect("the number of a process");
    assert!(!is_alive(child), "{child} is alive");
}

#[test]
fn a_limit_of_zero_is_none() {
    assert!(run("inner::takes_its_time").passed);
    assert!(run("inner::takes_its_time_too").passed);
}

#[test]
fn a_process_that_exits_is_a_failure() {
    run("inner::exits").failed_with("exited with status 0 before the test had ended");
    run("inner::exits_with_a_failure").failed_with("exited with status 3");
}

mod with_sealed_test {
    use rusty_fork::rusty_fork_test;
    use sealed_test::prelude::*;

    rusty_fork_test! {
        #[test]
        fn is_forked() {
            assert!(std::env::var("SEALED").is_err());
        }
    }

    #[sealed_test(env = [("SEALED", "yes")])]
    fn is_sealed() {
        assert_eq!(std::env::var("SEALED").as_deref(), Ok("yes"));
    }
}

#[test]
fn a_function_that_is_no_test_is_not_passed_over() {
    run("inner::calls").failed_with("the test binary knows no test `inner::is_called`");
}

#[test]
fn a_fork_within_a_test_fails() {
    run("inner::forks").failed_with("exited with status 0 before the test had ended");
}

#[test]
fn a_limit_is_expected_by_should_panic() {
    let ended = run("inner::hangs_as_expected");
    assert!(ended.passed, "{}", ended.output);
    run("inner::ends_unexpectedly").failed_with("the test did not panic as expected");
}

fn is_alive(process: &str) -> bool {
    let signal = std::process::Command::new("kill")
        .args(["-0", process])
        .output();
    signal.expect("the command `kill`").status.success()
}

/// Tests that others start.
mod inner {
    use std::process::{Command, exit};
    use std::thread;

    use super::rusty_fork_test;

    const NONE: u64 = 0;

    fn hang() -> ! {
        loop {
            thread::park();
        }
    }

    /// Lasts longer than no time at all, on any machine: until another program has run.
    fn take_time() {
        assert!(Command::new("true").status().unwrap().success());
    }

    rusty_fork_test! {
        #![rusty_fork(timeout_ms = 5000)]

        #[test]
        #[ignore = "started by another test"]
        fn hangs() {
            let mut child = Command::new("sleep").arg("100").spawn().unwrap();
            println!("\n@{}", child.id());
            child.wait().unwrap();
        }

        #[test]
        #[should_panic]
        #[ignore = "started by another test"]
        fn hangs_as_expected() {
            hang();
        }

        #[test]
        #[should_panic]
        #[ignore = "started by another test"]
        fn ends_unexpectedly() {}
    }

    rusty_fork_test! {
        #![rusty_fork(timeout_ms = 0)]

        #[test]
        #[ignore = "started by another test"]
        fn takes_its_time() {
            take_time();
        }
    }

    rusty_fork_test! {
        #![rusty_fork(timeout_ms = NONE)]

        #[test]
        #[ignore = "started by another test"]
        fn takes_its_time_too() {
            take_time();
        }

        #[test]
        #[ignore = "started by another test"]
        fn exits() {
            exit(0);
        }

        #[test]
        #[ignore = "started by another test"]
        fn exits_with_a_failure() {
            exit(3);
        }

        #[test]
        #[ignore = "started by another test"]
        fn forks() {
            let name = rusty_fork::rusty_fork_test_name!(forks);
            let wait = |child: &mut rusty_fork::ChildWrapper, _: &mut std::fs::File| child.wait().unwrap();
            let status = rusty_fork::fork(name, rusty_fork::rusty_fork_id!(), |_| (), wait, || ()).unwrap();
            assert!(status.success());
        }

        fn is_called() {}
    }

    #[test]
    #[ignore = "started by another test"]
    fn calls() {
        is_called();
    }
}
