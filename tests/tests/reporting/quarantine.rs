//! `quarantine`: which failures do not fail the suite, and how they are reported.

#![cfg(any(target_os = "linux", windows))]

use isolated_test_tests::{Finished, State, ends};

mod inner {
    use isolated_test::{BoxError, Current, Outcome, Resource, isolated};
    use isolated_test_tests::ends;
    use rstest::rstest;
    use test_case::test_case;

    fn is_to_fail() -> bool {
        println!("its output");
        std::env::var_os("FAILS").is_some()
    }

    #[isolated(tmpdir, quarantine = "issue 7")]
    #[test]
    #[ignore = "started by another test"]
    fn panics() {
        assert!(!is_to_fail(), "on purpose");
    }

    #[isolated(quarantine = "issue 7")]
    #[test]
    #[ignore = "started by another test"]
    fn returns_an_error() -> Result<(), String> {
        if is_to_fail() {
            return Err("on purpose".to_owned());
        }
        Ok(())
    }

    #[isolated(quarantine = "issue 7")]
    #[test]
    #[ignore = "started by another test"]
    fn aborts() {
        if is_to_fail() {
            std::process::abort();
        }
    }

    #[isolated(quarantine = "issue 7", timeout = "500ms")]
    #[test]
    #[ignore = "started by another test"]
    fn hangs() {
        if is_to_fail() {
            ends::stay();
        }
    }

    #[isolated(quarantine = "issue 7")]
    #[test]
    #[should_panic(expected = "as it should")]
    #[ignore = "started by another test"]
    fn does_not_panic() {
        assert!(is_to_fail(), "as it should");
    }

    #[isolated(quarantine = "issue 7")]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn is_asynchronous() {
        tokio::task::yield_now().await;
        assert!(!is_to_fail(), "on purpose");
    }

    #[isolated(quarantine = "issue 7")]
    #[rstest]
    #[case("word".to_owned())]
    #[ignore = "started by another test"]
    fn has_arguments(#[case] word: String) {
        assert!(!is_to_fail(), "on purpose: {word}");
    }

    #[isolated(quarantine = "issue 7")]
    #[test_case(2 => 4)]
    #[ignore = "started by another test"]
    fn is_judged(number: u32) -> u32 {
        number * if is_to_fail() { 3 } else { 2 }
    }

    /// Fails when it is provisioned or when it is released, depending on variables.
    struct Bad;

    impl Resource for Bad {
        type Handle = ();

        fn provision(&mut self, _test: &Current) -> Result<(), BoxError> {
            if std::env::var_os("LACKS").is_some() {
                return Err("it lacks".into());
            }
            Ok(())
        }

        fn release(&mut self, _outcome: Outcome) -> Result<(), BoxError> {
            if is_to_fail() {
                return Err("it clings".into());
            }
            Ok(())
        }
    }

    #[isolated(quarantine = "issue 7", bad = Bad)]
    #[test]
    #[ignore = "started by another test"]
    fn has_what_is_bad() {}

    #[isolated(quarantine = "issue 7", retries = 2)]
    #[test]
    #[ignore = "started by another test"]
    fn is_retried() {
        assert!(!is_to_fail(), "on purpose");
    }

    #[isolated(quarantine = "all of it")]
    mod ward {
        use isolated_test::isolated;

        #[test]
        #[ignore = "started by another test"]
        fn has_it_from_the_module() {
            assert!(!super::is_to_fail(), "on purpose");
        }

        #[isolated(quarantine = "its\nown")]
        #[test]
        #[ignore = "started by another test"]
        fn has_its_own_reason() {
            assert!(!super::is_to_fail(), "on purpose");
        }
    }
}

fn run(test: &str, variables: &[(&str, &str)]) -> Finished {
    let state = State::new();
    let mut inner = state.inner(test).env("ISOLATED_KEEP", "never");
    for (name, value) in variables {
        inner = inner.env(name, value);
    }
    inner.captured().run()
}

const FAILS: (&str, &str) = ("FAILS", "1");

#[test]
fn whatever_fails_is_told_and_passes() {
    for (test, why) in [
        ("panics", "it panicked: on purpose"),
        ("returns_an_error", "it returned a failure"),
        ("aborts", ends::ABORTED),
        ("hangs", "timed out after 500ms"),
        ("does_not_panic", "it did not panic"),
        ("is_asynchronous", "it panicked: on purpose"),
        ("has_arguments::case_1", "it panicked: on purpose: word"),
        ("is_judged::test_case_1_2_expects_4", "it panicked"),
        ("has_what_is_bad", "a resource could not be released"),
    ] {
        let errors = run(test, &[FAILS]).passed().errors;
        let head = format!(
            "isolated-test: reporting::quarantine::inner::{test}: in quarantine (issue 7): failed, which \
             does not count, because "
        );
        assert!(errors.starts_with(&head), "{test}: {errors}");
        let first = errors.lines().next().unwrap_or_default();
        assert!(first.contains(why), "{test}: {first}");
        assert_eq!(
            errors.matches("      | its output\n").count(),
            1,
            "{test}: {errors}"
        );
    }
}

#[test]
fn what_cannot_begin_passes_too() {
    let errors = run("has_what_is_bad", &[("LACKS", "1")]).passed().errors;
    assert!(errors.contains("it lacks"), "{errors}");
}

#[test]
fn what_passes_says_so() {
    for test in [
        "panics",
        "aborts",
        "does_not_panic",
        "is_asynchronous",
        "is_judged::test_case_1_2_expects_4",
    ] {
        assert_eq!(
            run(test, &[]).passed().errors,
            format!(
                "isolated-test: reporting::quarantine::inner::{test}: in quarantine (issue 7): passed; if \
                 it goes on like that, remove `quarantine`\n"
            )
        );
    }
}

#[test]
fn it_is_run_again_before_it_is_told() {
    let errors = run("is_retried", &[FAILS]).passed().errors;
    assert_eq!(errors.matches("in quarantine").count(), 1, "{errors}");
    assert_eq!(
        errors.matches("      | its output\n").count(),
        3,
        "{errors}"
    );
}

#[test]
fn what_is_repeated_does_not_count_either() {
    let errors = run("panics", &[FAILS, ("ISOLATED_REPEAT", "3")])
        .passed()
        .errors;
    assert!(errors.contains("passed 0 of 3 times"), "{errors}");
    assert!(
        errors.contains("in quarantine (issue 7): failed"),
        "{errors}"
    );
}

#[test]
fn in_place_it_counts_as_little() {
    let errors = run("panics", &[FAILS, ("ISOLATED_PROCESS", "off")])
        .passed()
        .errors;
    assert!(
        errors.contains("in quarantine (issue 7): failed"),
        "{errors}"
    );
}

#[test]
fn a_module_puts_its_tests_in_quarantine() {
    for (test, reason) in [
        ("ward::has_it_from_the_module", "all of it"),
        ("ward::has_its_own_reason", "its own"),
    ] {
        let errors = run(test, &[FAILS]).passed().errors;
        let words = format!("in quarantine ({reason}): failed");
        assert!(errors.contains(&words), "{errors}");
    }
}
