//! `timeout`: what is ended when a test times out, how it is ended, and which time does not count.

#![cfg(any(target_os = "linux", windows))]

#[cfg(unix)]
use std::fs;
use std::path::PathBuf;

use isolated_test_tests::{Finished, State, plain};

const NOTHING: [PathBuf; 0] = [];

mod inner {
    #[cfg(unix)]
    use std::process::Command;
    use std::time::Duration;

    use isolated_test::{Port, isolated};
    use isolated_test_tests::gate::pass;
    use isolated_test_tests::{ends, say};

    #[isolated(timeout = "3s", serial = "timeout", port, tmpdir(keep = "never"))]
    #[test]
    #[ignore = "started by another test"]
    fn hangs(port: &Port) {
        let server = port.listen().unwrap();
        say(&format!("hangs {port}"));
        server.accept().unwrap();
    }

    #[isolated(serial = "timeout", test_attribute = "called by a test")]
    fn has_the_key() {
        say("has");
    }

    #[test]
    #[ignore = "started by another test"]
    fn wants_the_key() {
        has_the_key();
    }

    #[cfg(unix)]
    #[isolated(timeout = "100ms")]
    #[test]
    #[ignore = "started by another test"]
    fn ignores_requests_to_end() {
        ends::ignore_requests_to_end();
        ends::stay();
    }

    #[cfg(unix)]
    #[isolated(timeout = "1500ms")]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_child_that_cleans_up() {
        let file = std::env::var("FILE").unwrap();
        let trap = format!("trap 'echo clean > {file}; exit' TERM");
        let script = format!("{trap}; echo; echo @ready; sleep 60 & wait");
        let mut child = Command::new("sh").args(["-c", &script]).spawn().unwrap();
        if std::env::var_os("STAYS").is_some() {
            ends::ignore_requests_to_end();
        }
        child.wait().unwrap();
        ends::stay();
    }

    #[cfg(unix)]
    #[isolated(timeout = "1s")]
    #[test]
    #[ignore = "started by another test"]
    fn has_daemons() {
        for _ in 0..3 {
            if ends::become_daemon().unwrap() {
                ends::ignore_requests_to_end();
                say("daemon");
                ends::stay();
            }
        }
        ends::stay();
    }

    #[isolated(serial = "counted")]
    #[test]
    #[ignore = "started by another test"]
    fn holds_the_counted_key() {
        say("held");
        pass("release");
    }

    #[isolated(timeout = "1s", serial = "counted")]
    #[test]
    #[ignore = "started by another test"]
    fn waits_longer_than_it_may_take() {
        say("body");
    }

    #[cfg(unix)]
    #[isolated(timeout = "500ms")]
    #[test]
    #[ignore = "started by another test"]
    fn does_not_exit() {
        ends::never_exit();
        say("body");
    }

    #[isolated(timeout = "3s")]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn has_a_runtime_that_does_not_end() {
        tokio::task::spawn_blocking(|| ends::stay());
        tokio::task::yield_now().await;
        say("body");
    }

    #[isolated(timeout = "1ms")]
    #[test]
    #[ignore = "started by another test"]
    fn needs_more_time() {
        say("begins");
        pass("end");
    }

    #[isolated(timeout = Duration::from_millis(70) + Duration::from_millis(30))]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_calculated_time() {
        ends::stay();
    }

    #[isolated(timeout = Duration::ZERO)]
    #[test]
    #[ignore = "started by another test"]
    fn has_no_time() {
        say("body");
    }

    #[isolated(timeout = Duration::MAX)]
    #[test]
    #[ignore = "started by another test"]
    fn has_all_the_time() {
        say("body");
    }
}

/// Expects that a test has timed out and that nothing else went wrong.
#[track_caller]
fn timed_out(run: Finished, test: &str, limit: &str) -> Finished {
    let run = run.failed();
    let report = run.reported("processes/timeout");
    let test = format!("isolated-test: processes::timeout::inner::{test}");
    assert!(
        report.starts_with(&format!("{test}: timed out after ")),
        "{report}"
    );
    let after = format!("\n{test}: timed out after {limit}\n{test} failed\n");
    assert!(report.contains(&after), "{report}");
    run
}

#[test]
fn a_test_that_hangs_is_gone_and_the_next_proceeds() {
    let state = State::new();
    let mut hangs = state.inner("hangs").start();
    let port: u16 = hangs.hear("hangs").parse().unwrap();
    let mut next = state.inner("wants_the_key").start();
    next.hear("has");
    let _ = next.finish().passed();
    timed_out(hangs.finish(), "hangs", "3s");
    drop(plain::listen_when_free(port));
    assert_eq!(state.processes(), []);
    assert_eq!(state.runs(), NOTHING);
}

#[test]
fn the_report_says_what_the_processes_do() {
    let run = State::new().inner("hangs").run();
    let run = timed_out(run, "hangs", "3s");
    let report = run.reported("processes/timeout");
    let mut lines = report.lines().skip(1);
    let process = lines.next().unwrap();
    assert!(
        process.starts_with("    process    processes-") && process.ends_with(" (pid N)"),
        "{report}"
    );
    let threads: Vec<_> = lines
        .take_while(|line| line.starts_with("    thread     "))
        .collect();
    assert_eq!(threads.is_empty(), cfg!(windows), "{report}");
    assert!(report.contains("    port       port = "), "{report}");
}

#[cfg(unix)] // Windows sends no request to end.
#[test]
fn a_test_that_ignores_the_request_to_end_is_killed() {
    let state = State::new();
    let run = state.inner("ignores_requests_to_end").run();
    timed_out(run, "ignores_requests_to_end", "100ms");
    assert_eq!(state.processes(), []);
}

#[cfg(unix)] // Windows sends no request to end.
#[test]
fn processes_of_the_test_may_clean_up() {
    // Whether their parent has ended before them or not.
    for (name, value) in [("GOES", "1"), ("STAYS", "1")] {
        let state = State::new();
        let file = state.scratch().join("cleaned");
        let inner = state.inner("has_a_child_that_cleans_up");
        let run = inner.env("FILE", &file).env(name, value).run();
        let run = timed_out(run, "has_a_child_that_cleans_up", "1500ms");
        assert_eq!(run.said("ready"), Some(""));
        assert_eq!(fs::read_to_string(file).unwrap(), "clean\n");
        assert_eq!(state.processes(), []);
    }
}

#[cfg(unix)]
#[test]
fn daemons_are_gone() {
    let state = State::new();
    let run = timed_out(state.inner("has_daemons").run(), "has_daemons", "1s");
    assert_eq!(run.output.matches("@daemon").count(), 3);
    assert_eq!(state.processes(), []);
}

#[test]
fn waiting_for_a_lock_is_not_counted() {
    let state = State::new();
    let mut release = state.gate("release");
    let mut holder = state.inner("holds_the_counted_key").start();
    holder.hear("held");
    let mut waits = state
        .inner("waits_longer_than_it_may_take")
        .env("ISOLATED_WAIT_NOTICE", "1100ms")
        .start();
    waits.hear_error("waiting for serial \"counted\"");
    release.open();
    waits.hear("body");
    let _ = (holder.finish().passed(), waits.finish().passed());
}

#[cfg(unix)]
#[test]
fn a_process_that_does_not_exit_after_the_test() {
    let run = State::new().inner("does_not_exit").run();
    let run = timed_out(run, "does_not_exit", "500ms");
    assert_eq!(run.said("body"), Some(""));
}

#[test]
fn a_runtime_that_does_not_end_after_the_test() {
    let run = State::new().inner("has_a_runtime_that_does_not_end").run();
    let run = timed_out(run, "has_a_runtime_that_does_not_end", "3s");
    assert_eq!(run.said("body"), Some(""));
}

#[test]
fn times_are_multiplied() {
    let state = State::new();
    let mut end = state.gate("end");
    let mut inner = state
        .inner("needs_more_time")
        .env("ISOLATED_TIMEOUT_SCALE", "1000000")
        .start();
    inner.hear("begins");
    end.open();
    let _ = inner.finish().passed();
}

#[test]
fn a_factor_that_is_none_is_explained() {
    let run = State::new()
        .inner("needs_more_time")
        .env("ISOLATED_TIMEOUT_SCALE", "twice")
        .run()
        .failed();
    assert_eq!(
        run.errors,
        "isolated-test: processes::timeout::inner::needs_more_time: failed to read the variable \
         `ISOLATED_TIMEOUT_SCALE`: found \"twice\", expected a number above zero such as `10` or \
         `1.5`\n"
    );
    assert_eq!(run.said("begins"), None);
}

#[test]
fn a_time_may_be_calculated() {
    let run = State::new().inner("has_a_calculated_time").run();
    timed_out(run, "has_a_calculated_time", "100ms");
    let run = State::new().inner("has_all_the_time").run().passed();
    assert_eq!(run.said("body"), Some(""));
}

#[test]
fn a_time_of_zero_is_refused() {
    let run = State::new().inner("has_no_time").run().failed();
    assert!(
        run.reported("processes/timeout").starts_with(
            "isolated-test: processes::timeout::inner::has_no_time: failed to run the test: its timeout is \
             zero; write a time above zero\n"
        ),
        "{}",
        run.errors
    );
    assert_eq!(run.said("body"), None);
}
