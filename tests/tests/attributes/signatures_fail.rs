//! Failing tests, in every way to write one.

#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a test"
)]
use isolated_test_tests::State;

mod inner {
    use std::process::ExitCode;

    use isolated_test::isolated;
    use isolated_test_tests::say;
    use test_case::test_case;

    use crate::signatures::Verdict;

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn returns_an_error() -> Result<(), String> {
        Err("on purpose".to_owned())
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn stops_at_a_question_mark() -> Result<(), Box<dyn std::error::Error>> {
        let number: u8 = "many".parse()?;
        say(&format!("reached {number}"));
        Ok(())
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn returns_a_failing_code() -> ExitCode {
        ExitCode::from(3)
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn returns_a_failure_of_its_own() -> Verdict {
        Verdict(false)
    }

    #[isolated]
    #[test]
    #[should_panic(expected = "this")]
    #[ignore = "started by another test"]
    fn panics_with_that() {
        panic!("that");
    }

    #[isolated]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn does_not_panic() {}

    #[isolated]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn returns_an_error_later() -> Result<(), String> {
        tokio::task::yield_now().await;
        Err("on purpose".to_owned())
    }

    #[isolated]
    #[tokio::test]
    #[should_panic(expected = "this")]
    #[ignore = "started by another test"]
    async fn panics_with_that_later() {
        tokio::task::yield_now().await;
        panic!("that");
    }

    #[isolated(seed)]
    #[test_case(1 => 3; "wrongly")]
    #[ignore = "started by another test"]
    fn is_doubled(number: u64, _seed: u64) -> u64 {
        number * 2
    }

    #[isolated(seed)]
    #[test_case(1 => 2; "rightly")]
    #[ignore = "started by another test"]
    fn is_doubled_too(number: u64, _seed: u64) -> u64 {
        number * 2
    }

    #[isolated(seed)]
    #[test_case(0 => panics "attempt to divide by zero"; "by zero")]
    #[ignore = "started by another test"]
    fn divides(number: u64, _seed: u64) {
        assert_ne!(1 / number, 2);
    }
}

#[test]
fn failures_of_every_kind_fail() {
    let state = State::new();
    for test in [
        "returns_an_error",
        "stops_at_a_question_mark",
        "returns_a_failing_code",
        "returns_a_failure_of_its_own",
        "panics_with_that",
        "does_not_panic",
        "returns_an_error_later",
        "panics_with_that_later",
        "is_doubled::test_case_1_wrongly",
    ] {
        let run = state.inner(test).run().failed();
        let report = format!("isolated-test: attributes::signatures_fail::inner::{test} failed\n");
        assert!(run.errors.contains(&report), "{test}: {}", run.errors);
        assert_eq!(run.said("reached"), None);
    }
}

#[test]
fn a_test_that_cannot_begin_fails_whatever_its_signature() {
    for test in [
        "is_doubled::test_case_1_wrongly",
        "is_doubled_too::test_case_1_rightly",
    ] {
        let run = State::new()
            .inner(test)
            .env("ISOLATED_SEED", "x")
            .run()
            .failed();
        assert!(
            run.errors
                .contains("failed to read the variable `ISOLATED_SEED`"),
            "{test}: {}",
            run.errors
        );
    }
}

#[test]
fn a_case_that_cannot_begin_does_not_pass_for_one_that_panics() {
    let run = State::new()
        .inner("divides::test_case_1_by_zero")
        .env("ISOLATED_SEED", "x")
        .run();
    let _ = run.failed();
}

#[test]
fn a_case_that_panics_as_it_should_passes() {
    let _ = State::new()
        .inner("divides::test_case_1_by_zero")
        .run()
        .passed();
}
