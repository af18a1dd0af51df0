//! A test in a subprocess does not pass by accident, however it ends.

#![cfg(any(target_os = "linux", windows))]
#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a test"
)]

use isolated_test_tests::{Finished, State, ends};

mod inner {
    use std::process::ExitCode;

    use isolated_test::isolated;
    use isolated_test_tests::{ends, say};

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn panics() {
        panic!("on purpose");
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn panics_with_no_text() {
        std::panic::panic_any(7);
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn returns_an_error() -> Result<(), String> {
        Err("on purpose".to_owned())
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn returns_a_failure() -> ExitCode {
        ExitCode::from(7)
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn exits_with_zero() {
        std::process::exit(0);
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn exits_with_three() {
        std::process::exit(3);
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn aborts() {
        std::process::abort();
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn touches_nothing() {
        ends::touch_nothing();
    }

    #[cfg(unix)]
    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn kills_itself() {
        ends::signal(9);
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn overflows_its_stack() {
        say(&ends::overflow(0).to_string());
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn closes_everything() {
        ends::close_everything();
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn exits_with_three_after_its_end() {
        ends::exit_with_three();
    }

    #[isolated(process)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn exits_while_it_waits() {
        tokio::spawn(async { std::process::exit(0) });
        std::future::pending::<()>().await;
    }

    #[isolated(process)]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn exits_and_should_panic() {
        std::process::exit(0);
    }

    /// The status is that of a runner whose test has failed.
    #[isolated(process)]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn exits_like_a_failure_and_should_panic() {
        std::process::exit(101);
    }

    #[isolated(process)]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn aborts_and_should_panic() {
        std::process::abort();
    }

    #[isolated(process)]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn returns_and_should_panic() {}

    #[isolated(timeout = "100ms")]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn hangs_and_should_panic() {
        ends::stay();
    }

    #[isolated(process)]
    #[test]
    #[should_panic(expected = "something else")]
    #[ignore = "started by another test"]
    fn panics_in_another_way() {
        panic!("on purpose");
    }

    #[isolated(process)]
    #[test]
    #[should_panic(expected = "on purpose")]
    #[ignore = "started by another test"]
    fn panics_as_it_should_and_exits_with_three() {
        ends::exit_with_three();
        panic!("on purpose");
    }

    #[isolated(process, test_attribute = "called by a test")]
    fn is_no_test() {}

    #[test]
    #[ignore = "started by another test"]
    fn calls_what_is_no_test() {
        is_no_test();
    }

    #[cfg(unix)]
    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn forks_and_panics() {
        assert!(ends::fork().unwrap(), "on purpose");
    }

    #[cfg(unix)]
    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn forks_and_its_copy_panics() {
        assert!(!ends::fork().unwrap(), "in the copy");
    }
}

/// Runs a failing test, and expects this reason and no second message.
#[track_caller]
fn expect(test: &str, why: &str) -> Finished {
    let run = State::new().inner(test).run().failed();
    let why = match why {
        "" => String::new(),
        why => format!("isolated-test: processes::process_fail::inner::{test}: {why}\n"),
    };
    let report = run.reported("processes/process_fail");
    assert_eq!(
        report.replace(", dumping core,", ""),
        format!(
            "{why}isolated-test: processes::process_fail::inner::{test} failed
    at         tests/tests/processes/process_fail.rs:1
    repeat     cargo test -p isolated-test-tests --test processes -- --exact process_fail::inner::{test}
"
        )
    );
    run
}

/// How the report describes a process that has ended in this way.
fn before_the_end(how: &str) -> String {
    format!("the process of the test {how} before the test had ended")
}

/// Counts the occurrences of a text in the output.
fn count(run: &Finished, text: &str) -> usize {
    run.errors.matches(text).count() + run.output.matches(text).count()
}

#[test]
fn a_panic_is_told_once() {
    let run = expect("panics", "");
    assert_eq!(count(&run, "on purpose"), 1);
    assert_eq!(
        count(&run, "panicked at tests/tests/processes/process_fail.rs:"),
        1
    );
    assert_eq!(count(&run, "panicked at"), 1);
    assert_eq!(count(&run, "thread 'process_fail::inner::panics'"), 1);
}

#[test]
fn a_panic_without_a_text() {
    let run = expect("panics_with_no_text", "");
    assert_eq!(count(&run, "panicked at"), 1);
}

#[test]
fn a_returned_error_is_printed() {
    let run = expect("returns_an_error", "");
    assert!(
        run.errors
            .starts_with("Error: \"on purpose\"\nisolated-test: "),
        "{}",
        run.errors
    );
}

#[test]
fn a_returned_failure() {
    expect(
        "returns_a_failure",
        "returned the exit code 7, which is a failure",
    );
}

#[test]
fn an_exit() {
    expect(
        "exits_with_zero",
        "the process of the test exited with status 0 before the test had ended",
    );
    expect(
        "exits_with_three",
        "the process of the test exited with status 3 before the test had ended",
    );
    expect(
        "exits_while_it_waits",
        "the process of the test exited with status 0 before the test had ended",
    );
}

#[test]
fn a_signal() {
    expect("aborts", &before_the_end(ends::ABORTED));
    expect("touches_nothing", &before_the_end(ends::TOUCHED_NOTHING));
    #[cfg(unix)]
    expect(
        "kills_itself",
        "the process of the test was ended by SIGKILL (killed), which somebody has sent, before \
         the test had ended",
    );
}

#[test]
fn a_stack_that_overflows() {
    let run = expect("overflows_its_stack", &before_the_end(ends::OVERFLOWED));
    assert_eq!(count(&run, "has overflowed its stack"), 1);
}

#[test]
fn descriptors_that_are_gone() {
    expect(
        "closes_everything",
        "the process of the test exited with status 0 before the test had ended",
    );
}

#[test]
fn a_status_after_the_end() {
    expect(
        "exits_with_three_after_its_end",
        "the process of the test exited with status 3 after the test had ended",
    );
}

#[test]
fn a_test_that_should_panic_and_does_not() {
    expect(
        "exits_and_should_panic",
        "the process of the test exited with status 0 before the test had ended",
    );
    expect(
        "exits_like_a_failure_and_should_panic",
        "the process of the test exited with status 101 before the test had ended",
    );
    expect("aborts_and_should_panic", &before_the_end(ends::ABORTED));
    expect("returns_and_should_panic", "");
    expect("panics_in_another_way", "");
}

#[test]
fn a_status_after_an_expected_panic() {
    expect(
        "panics_as_it_should_and_exits_with_three",
        "the process of the test exited with status 3 after the test had ended",
    );
}

#[test]
fn a_test_that_should_panic_and_hangs() {
    let run = State::new().inner("hangs_and_should_panic").run().failed();
    let report = run.reported("processes/process_fail");
    assert!(report.contains(": timed out after 100ms\n"), "{report}");
}

#[test]
fn a_name_that_is_not_found() {
    let run = State::new().inner("calls_what_is_no_test").run().failed();
    assert_eq!(
        run.reported("processes/process_fail"),
        "isolated-test: processes::process_fail::inner::is_no_test: the test binary knows no test \
         `process_fail::inner::is_no_test`, so nothing was run; a test in a process of its own must be \
         found by its name
isolated-test: processes::process_fail::inner::is_no_test failed
    at         tests/tests/processes/process_fail.rs:1
    repeat     cargo test -p isolated-test-tests --test processes -- --exact process_fail::inner::is_no_test
"
    );
}

#[cfg(unix)]
#[test]
fn a_forked_copy_says_nothing_for_the_test() {
    expect("forks_and_panics", "");
    let run = State::new().inner("forks_and_its_copy_panics").run();
    assert_eq!(run.passed().reported("processes/process_fail"), "");
}
