//! `retries` and `ISOLATED_RETRIES`: what runs again, with which resources, and what is reported.

#![cfg(any(target_os = "linux", windows))]

use std::collections::HashSet;
use std::path::PathBuf;

use isolated_test_tests::attempts::attempts;
use isolated_test_tests::{State, ends};

const NOTHING: [PathBuf; 0] = [];

mod inner {
    use isolated_test::{BoxError, Current, Outcome, Resource, TmpDir, isolated};
    use isolated_test_tests::attempts::fails;
    use isolated_test_tests::{ends, listen, say};
    use rstest::rstest;

    #[isolated(tmpdir, namespace, port, serial = "retries")]
    #[test]
    #[ignore = "started by another test"]
    fn panics(tmpdir: &TmpDir) {
        assert_eq!(tmpdir.read_dir().unwrap().count(), 0);
        std::fs::write(tmpdir.join("used"), "").unwrap();
        assert!(!fails(), "on purpose");
    }

    #[isolated(namespace)]
    #[test]
    #[ignore = "started by another test"]
    fn returns_an_error() -> Result<(), String> {
        if fails() {
            return Err("on purpose".to_owned());
        }
        Ok(())
    }

    #[isolated(namespace)]
    #[test]
    #[ignore = "started by another test"]
    fn aborts() {
        if fails() {
            std::process::abort();
        }
    }

    #[isolated(namespace)]
    #[test]
    #[ignore = "started by another test"]
    fn exits() {
        if fails() {
            std::process::exit(0);
        }
    }

    #[isolated(namespace, timeout = "500ms")]
    #[test]
    #[ignore = "started by another test"]
    fn hangs() {
        if fails() {
            ends::stay();
        }
    }

    #[isolated(namespace)]
    #[test]
    #[should_panic(expected = "as it should")]
    #[ignore = "started by another test"]
    fn does_not_panic() {
        assert!(fails(), "as it should");
    }

    #[isolated(namespace)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn is_asynchronous() {
        tokio::task::yield_now().await;
        assert!(!fails(), "on purpose");
    }

    #[isolated(namespace)]
    #[rstest]
    #[case("word".to_owned())]
    #[ignore = "started by another test"]
    fn has_arguments(#[case] word: String) {
        assert!(!fails(), "on purpose: {word}");
    }

    /// A resource whose release fails after a failed attempt.
    struct Clings;

    impl Resource for Clings {
        type Handle = ();

        fn provision(&mut self, _test: &Current) -> Result<(), BoxError> {
            Ok(())
        }

        fn release(&mut self, _outcome: Outcome) -> Result<(), BoxError> {
            if fails() {
                return Err("it clings".into());
            }
            Ok(())
        }
    }

    #[isolated(namespace, clings = Clings)]
    #[test]
    #[ignore = "started by another test"]
    fn clings() {}

    /// A resource that fails to be provisioned at first.
    struct Lacks;

    impl Resource for Lacks {
        type Handle = ();

        fn provision(&mut self, _test: &Current) -> Result<(), BoxError> {
            if fails() {
                return Err("it lacks".into());
            }
            Ok(())
        }

        fn release(&mut self, _outcome: Outcome) -> Result<(), BoxError> {
            Ok(())
        }
    }

    #[isolated(namespace, lacks = Lacks)]
    #[test]
    #[ignore = "started by another test"]
    fn lacks() {}

    #[isolated(namespace, test_attribute = "called by a test")]
    fn is_called() {
        assert!(!fails(), "on purpose");
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn calls_another_one() {
        is_called();
    }

    #[isolated(namespace, tmpdir(keep = "never"))]
    #[test]
    #[ignore = "started by another test"]
    fn is_killed() {
        if !fails() {
            say("second");
            listen("never");
            ends::stay();
        }
        panic!("on purpose");
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn sweeps() {}
}

const RETRIES: (&str, &str) = ("ISOLATED_RETRIES", "2");

#[test]
fn each_attempt_has_a_process_and_resources_of_its_own() {
    let (finished, runs, state) = attempts("panics", "2", &[RETRIES]);
    finished.passed();
    assert_eq!(runs.len(), 3);
    for at in 0..2 {
        let words: HashSet<&str> = runs.iter().map(|run| run[at].as_str()).collect();
        assert_eq!(words.len(), 3, "{runs:?}");
    }
    assert_eq!(state.runs(), NOTHING);
}

#[test]
fn whatever_fails_runs_again_and_is_called_flaky() {
    for (test, why) in [
        ("panics", "it panicked: on purpose"),
        ("returns_an_error", "it returned a failure"),
        ("aborts", ends::ABORTED),
        ("exits", "the process of the test exited with status 0"),
        ("hangs", "timed out after 500ms"),
        ("does_not_panic", "it did not panic"),
        ("is_asynchronous", "it panicked: on purpose"),
        ("has_arguments::case_1", "it panicked: on purpose: word"),
        ("clings", "a resource could not be released"),
        ("lacks", "it lacks"),
    ] {
        let (finished, runs, _state) = attempts(test, "1", &[RETRIES]);
        let errors = finished.passed().errors;
        assert_eq!(runs.len(), 2, "{test}");
        let head = format!(
            "isolated-test: reporting::retries::inner::{test}: flaky: failed once, then passed\n"
        );
        assert!(errors.starts_with(&head), "{test}: {errors}");
        let first = errors.find("    attempt 1 failed, because ").expect(test);
        let second = errors.find("    attempt 2 passed\n").expect(test);
        assert!(errors[first..second].contains(why), "{test}: {errors}");
        for (number, part) in [(1, &errors[first..second]), (2, &errors[second..])] {
            for stream in ["output", "error"] {
                let line = format!("      | attempt number {number} to standard {stream}\n");
                assert_eq!(part.matches(&line).count(), 1, "{test}: {errors}");
            }
        }
    }
}

#[test]
fn the_report_of_a_failed_attempt_is_told_too() {
    let (finished, _runs, _state) = attempts("panics", "1", &[RETRIES]);
    let errors = finished.passed().errors;
    for line in [
        "      | thread 'retries::inner::panics'",
        "      | isolated-test: reporting::retries::inner::panics failed\n",
        "      |     tmpdir     tmpdir = ",
    ] {
        assert_eq!(errors.matches(line).count(), 1, "{line}: {errors}");
    }
}

#[test]
fn what_passes_at_once_runs_once_in_silence() {
    let (finished, runs, _state) = attempts("panics", "0", &[RETRIES]);
    assert_eq!(finished.passed().errors, "");
    assert_eq!(runs.len(), 1);
}

#[test]
fn what_never_passes_fails_with_all_that_was_printed() {
    let (finished, runs, state) = attempts("panics", "9", &[RETRIES]);
    let finished = finished.failed();
    assert_eq!(runs.len(), 3);
    for number in 1..=3 {
        let line = format!("attempt number {number} to standard output\n");
        assert_eq!(
            finished.output.matches(&line).count(),
            1,
            "{}",
            finished.output
        );
    }
    for number in 1..=2 {
        let line = format!(
            "isolated-test: reporting::retries::inner::panics: attempt {number} of 3 failed, because it \
             panicked: on purpose; it runs again with fresh resources\n"
        );
        assert!(finished.output.contains(&line), "{}", finished.output);
    }
    assert!(!finished.output.contains("attempt 3 of 3"));
    assert_eq!(finished.errors, "", "nothing past the test runner");
    assert_eq!(state.runs(), NOTHING);
}

#[test]
fn an_expected_panic_that_never_comes_fails() {
    let (finished, runs, _state) = attempts("does_not_panic", "0", &[RETRIES]);
    finished.passed();
    assert_eq!(runs.len(), 1);
    let (finished, runs, _state) = attempts("does_not_panic", "9", &[RETRIES]);
    assert!(
        finished
            .failed()
            .output
            .contains("test did not panic as expected")
    );
    assert_eq!(runs.len(), 3);
}

#[test]
fn flaky_tests_fail_where_they_are_to() {
    for test in ["panics", "is_asynchronous", "hangs"] {
        let variables = [RETRIES, ("ISOLATED_FLAKY", "fail")];
        let (finished, runs, _state) = attempts(test, "1", &variables);
        let finished = finished.failed();
        assert_eq!(runs.len(), 2);
        let line = format!(
            "isolated-test: reporting::retries::inner::{test}: flaky: failed once, then passed, which is \
             a failure, because `ISOLATED_FLAKY` is `fail`\n"
        );
        assert!(finished.output.contains(&line), "{}", finished.output);
        for number in 1..=2 {
            let line = format!("attempt number {number} to standard output\n");
            assert!(finished.output.contains(&line), "{}", finished.output);
        }
    }
}

#[test]
fn output_that_is_not_captured_is_shown_once() {
    let state = State::new();
    let finished = state
        .inner("panics")
        .env("ISOLATED_RETRIES", "1")
        .env("ATTEMPTS", state.scratch().join("attempts"))
        .env("FAILURES", "1")
        .run()
        .passed();
    for number in 1..=2 {
        let line = format!("attempt number {number} to standard error\n");
        assert_eq!(
            finished.errors.matches(&line).count(),
            1,
            "{}",
            finished.errors
        );
    }
    assert!(
        finished
            .errors
            .contains("flaky: failed once, then passed\n")
    );
}

#[test]
fn in_place_nothing_runs_again() {
    let variables = [RETRIES, ("ISOLATED_PROCESS", "off")];
    let (finished, runs, _state) = attempts("panics", "1", &variables);
    finished.failed();
    assert_eq!(runs.len(), 1);
}

#[test]
fn what_a_test_calls_runs_again_with_it() {
    let (finished, runs, _state) = attempts("calls_another_one", "1", &[RETRIES]);
    let errors = finished.passed().errors;
    assert_eq!(runs.len(), 2);
    let head = "isolated-test: reporting::retries::inner::calls_another_one: flaky: failed once, then passed\n";
    assert!(errors.starts_with(head), "{errors}");
}

#[test]
fn repeating_goes_before_retrying() {
    let variables = [RETRIES, ("ISOLATED_REPEAT", "5")];
    let (finished, runs, _state) = attempts("panics", "1", &variables);
    let errors = finished.failed().errors;
    assert_eq!(runs.len(), 5);
    assert!(errors.contains("passed 4 of 5 times"), "{errors}");
}

#[test]
fn numbers_and_words_that_are_none_are_refused() {
    for (name, value, expected) in [
        ("ISOLATED_RETRIES", "-1", "a whole number from `0` to `100`"),
        ("ISOLATED_FLAKY", "maybe", "`pass` or `fail`"),
    ] {
        let (finished, runs, _state) = attempts("panics", "0", &[(name, value)]);
        assert_eq!(runs.len(), 0);
        let output = finished.failed().output;
        let line =
            format!("failed to read the variable `{name}`: found {value:?}, expected {expected}\n");
        assert!(output.contains(&line), "{output}");
    }
}

#[test]
fn a_parent_that_is_killed_at_the_second_attempt_leaves_nothing() {
    let state = State::new();
    let mut inner = state
        .inner("is_killed")
        .env("ISOLATED_RETRIES", "1")
        .env("ATTEMPTS", state.scratch().join("attempts"))
        .env("FAILURES", "1")
        .start();
    inner.hear("second");
    inner.kill();
    state.wait_until_records_are_free();
    state.inner("sweeps").run().passed();
    assert_eq!(state.runs(), NOTHING);
}
