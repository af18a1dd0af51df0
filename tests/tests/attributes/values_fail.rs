//! Values that cannot be made: the test fails with the reason, whatever it expects of its body.

#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a test"
)]

use isolated_test_tests::State;

mod inner {
    use std::fmt;
    use std::io;

    use googletest::prelude::gtest;
    use isolated_test::{BoxError, Current, Resource, isolated};
    use isolated_test_tests::say;
    use rstest::rstest;
    use test_case::test_case;

    /// A value that says when it is dropped.
    struct Noted;

    impl Drop for Noted {
        fn drop(&mut self) {
            say("dropped");
        }
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "the test runner prints it")]
    struct Refused {
        source: io::Error,
    }

    impl fmt::Display for Refused {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("refused")
        }
    }

    impl std::error::Error for Refused {}

    fn connect() -> Result<u8, Refused> {
        let source = io::Error::other("no server");
        Err(Refused { source })
    }

    async fn connect_later() -> Result<u8, Refused> {
        tokio::task::yield_now().await;
        connect()
    }

    #[isolated(noted = value(Noted), pool = value(connect()?))]
    #[test]
    #[ignore = "started by another test"]
    fn stops_at_a_question_mark(pool: u8) {
        say(&format!("body {pool}"));
    }

    #[isolated(noted = value(Noted), pool = value(connect_later().await?))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn stops_at_a_question_mark_later(pool: u8) -> Result<(), String> {
        say(&format!("body {pool}"));
        Ok(())
    }

    #[isolated(noted = value(Noted), pool = value(connect()?), process)]
    #[test]
    #[ignore = "started by another test"]
    fn stops_in_its_process(pool: u8) {
        say(&format!("body {pool}"));
    }

    #[isolated(noted = value(Noted), pool = value(connect_later().await?), timeout = "60s")]
    #[rstest]
    #[case(1)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn stops_in_the_process_of_a_case(pool: u8, #[case] number: u8) {
        say(&format!("body {pool} {number}"));
    }

    #[isolated(noted = value(Noted), pool = value(connect()?))]
    #[test_case(1 => 2; "only")]
    #[ignore = "started by another test"]
    fn stops_under_test_case(number: u8, pool: u8) -> u8 {
        say(&format!("body {pool} {number}"));
        2
    }

    #[isolated(noted = value(Noted), pool = value(connect()?))]
    #[gtest]
    #[ignore = "started by another test"]
    fn stops_under_googletest(pool: u8) {
        say(&format!("body {pool}"));
    }

    #[isolated(noted = value(Noted), pool = value(connect()?))]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn stops_and_expects_a_panic(pool: u8) {
        say(&format!("body {pool}"));
    }

    #[isolated(noted = value(Noted), pool = value(connect_later().await?))]
    #[tokio::test]
    #[should_panic]
    #[ignore = "started by another test"]
    async fn stops_and_expects_a_panic_later(pool: u8) {
        say(&format!("body {pool}"));
    }

    #[isolated(noted = value(Noted), pool = value(connect()?), process)]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn stops_and_expects_a_panic_in_its_process(pool: u8) {
        say(&format!("body {pool}"));
    }

    #[isolated(noted = value(Noted), pool = value(connect().unwrap()))]
    #[test]
    #[should_panic(expected = "no server")]
    #[ignore = "started by another test"]
    fn panics_and_expects_it(pool: u8) {
        say(&format!("body {pool}"));
    }

    #[isolated(noted = value(Noted), pool = value(connect_later().await.unwrap()))]
    #[tokio::test]
    #[should_panic(expected = "no server")]
    #[ignore = "started by another test"]
    async fn panics_and_expects_it_later(pool: u8) {
        say(&format!("body {pool}"));
    }

    #[isolated(noted = value(Noted), pool = value(connect().unwrap()), process)]
    #[test]
    #[should_panic(expected = "no server")]
    #[ignore = "started by another test"]
    fn panics_and_expects_it_in_its_process(pool: u8) {
        say(&format!("body {pool}"));
    }

    /// A resource whose expression uses a parameter, so that the test is isolated within its case.
    struct Numbered(u8);

    impl Resource for Numbered {
        type Handle = u8;

        fn provision(&mut self, _: &Current) -> Result<u8, BoxError> {
            Ok(self.0)
        }
    }

    #[isolated(noted = value(Noted), numbered = Numbered(number), pool = value(connect()?))]
    #[test_case(1 => panics "no server"; "only")]
    #[ignore = "started by another test"]
    fn stops_in_a_case_that_panics(pool: u8, number: u8) {
        say(&format!("body {pool} {number}"));
    }

    #[isolated(noted = value(Noted), pool = value(connect_later().await?))]
    #[test_case(1 => panics "no server"; "only")]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn stops_in_a_case_that_panics_later(pool: u8, number: u8) {
        say(&format!("body {pool} {number}"));
    }

    #[isolated(pool = value(connect()?), quarantine = "no server")]
    #[test]
    #[ignore = "started by another test"]
    fn stops_in_quarantine(pool: u8) {
        say(&format!("body {pool}"));
    }
}

const ERROR: &str = r#"Refused { source: Custom { kind: Other, error: "no server" } }"#;

/// Runs a test that cannot begin, and checks the reason that it prints.
fn cannot_make_its_value(test: &str, why: &str) {
    let state = State::new();
    let run = state.inner(test).run().failed();
    let full = format!("isolated-test: attributes::values_fail::inner::{test}");
    for line in [
        format!("{full}: failed to make `pool`: {why}\n"),
        format!("{full} failed\n"),
    ] {
        assert!(run.errors.contains(&line), "{test}: {}", run.errors);
    }
    assert_eq!(run.said("body"), None, "{test}");
    assert!(run.said("dropped").is_some(), "{test}: {}", run.output);
    assert_eq!(state.runs().len(), 0, "{test}");
}

#[test]
fn an_error_fails_the_test_with_its_reason() {
    for test in [
        "stops_at_a_question_mark",
        "stops_at_a_question_mark_later",
        "stops_in_its_process",
        "stops_in_the_process_of_a_case::case_1",
        "stops_under_test_case::test_case_1_only",
        "stops_under_googletest",
    ] {
        cannot_make_its_value(test, ERROR);
    }
}

#[test]
fn an_error_is_not_the_panic_that_a_test_expects() {
    for test in [
        "stops_and_expects_a_panic",
        "stops_and_expects_a_panic_later",
        "stops_and_expects_a_panic_in_its_process",
        "stops_in_a_case_that_panics::test_case_1_only",
        "stops_in_a_case_that_panics_later::test_case_1_only",
    ] {
        cannot_make_its_value(test, ERROR);
    }
}

#[test]
fn a_panic_of_the_expression_is_not_the_panic_that_a_test_expects() {
    let why = format!("called `Result::unwrap()` on an `Err` value: {ERROR}");
    for test in [
        "panics_and_expects_it",
        "panics_and_expects_it_later",
        "panics_and_expects_it_in_its_process",
    ] {
        cannot_make_its_value(test, &why);
    }
}

#[test]
fn an_error_in_quarantine_does_not_count() {
    let run = State::new().inner("stops_in_quarantine").run().passed();
    let reason = format!("failed to make `pool`: {ERROR}\n");
    assert!(run.errors.contains(&reason), "{}", run.errors);
}
