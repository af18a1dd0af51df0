//! Asynchronous resources that cannot be provisioned or released: the test fails with the reason,
//! whatever it expects of its body.

#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a test"
)]

use isolated_test_tests::State;

mod inner {
    use std::io;

    use isolated_test::{AsyncResource, BoxError, Current, Outcome, isolated};
    use isolated_test_tests::say;
    use test_case::test_case;

    /// How a call behaves.
    #[derive(Clone, Copy)]
    enum Does {
        Well,
        Fails,
        Panics,
    }
    use Does::{Fails, Panics, Well};

    impl Does {
        async fn now(self) -> Result<(), BoxError> {
            tokio::task::yield_now().await;
            match self {
                Well => Ok(()),
                Fails => Err(Refused(io::Error::other("no server")).into()),
                Panics => panic!("panicked on purpose"),
            }
        }
    }

    #[derive(Debug)]
    struct Refused(io::Error);

    impl std::fmt::Display for Refused {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("refused")
        }
    }

    impl std::error::Error for Refused {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    /// A resource that says what its name is when it is released.
    struct Db(&'static str, Does, Does);

    impl AsyncResource for Db {
        type Handle = &'static str;

        async fn provision(&mut self, _: &Current) -> Result<&'static str, BoxError> {
            self.1.now().await?;
            Ok(self.0)
        }

        async fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
            say(&format!("released {} {outcome:?}", self.0));
            self.2.now().await
        }

        fn describe(&self) -> Option<String> {
            panic!("described on purpose");
        }
    }

    fn refused() -> Result<Db, Refused> {
        Err(Refused(io::Error::other("no server")))
    }

    #[isolated(first = awaited(Db("first", Well, Well)), db = awaited(Db("db", Fails, Well)))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn is_refused(db: &str) {
        say(&format!("body {db}"));
    }

    #[isolated(first = awaited(Db("first", Well, Well)), db = awaited(Db("db", Fails, Well)))]
    #[tokio::test]
    #[should_panic]
    #[ignore = "started by another test"]
    async fn is_refused_and_expects_a_panic(db: &str) {
        say(&format!("body {db}"));
    }

    #[isolated(first = awaited(Db("first", Well, Well)), db = awaited(Db("db", Fails, Well)))]
    #[test_case(1 => panics "no server"; "only")]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn is_refused_in_a_case_that_panics(number: u8, db: &str) {
        say(&format!("body {db} {number}"));
    }

    #[isolated(process, first = awaited(Db("first", Well, Well)), db = awaited(Db("db", Fails, Well)))]
    #[tokio::test]
    #[should_panic(expected = "no server")]
    #[ignore = "started by another test"]
    async fn is_refused_in_its_process(db: &str) {
        say(&format!("body {db}"));
    }

    #[isolated(first = awaited(Db("first", Well, Well)), db = awaited(refused()?))]
    #[tokio::test]
    #[should_panic]
    #[ignore = "started by another test"]
    async fn cannot_be_made(db: &str) {
        say(&format!("body {db}"));
    }

    #[isolated(first = awaited(Db("first", Well, Well)), db = awaited(Db("db", Panics, Well)))]
    #[tokio::test]
    #[should_panic(expected = "on purpose")]
    #[ignore = "started by another test"]
    async fn panics_and_expects_it(db: &str) {
        say(&format!("body {db}"));
    }

    #[isolated(db = awaited(Db("db", Well, Fails)), first = awaited(Db("first", Well, Well)))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn is_not_released() {}

    #[isolated(db = awaited(Db("db", Well, Fails)), first = awaited(Db("first", Well, Well)))]
    #[tokio::test]
    #[should_panic]
    #[ignore = "started by another test"]
    async fn is_not_released_and_expects_a_panic() {
        panic!("on purpose");
    }

    #[isolated(process, db = awaited(Db("db", Well, Fails)), first = awaited(Db("first", Well, Well)))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn is_not_released_in_its_process() {}

    #[isolated(db = awaited(Db("db", Well, Fails)), first = awaited(Db("first", Well, Well)))]
    #[test_case(1 => 1; "only")]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn is_not_released_in_a_case(number: u8) -> u8 {
        number
    }

    #[isolated(db = awaited(Db("db", Well, Panics)), first = awaited(Db("first", Well, Well)))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn panics_when_it_is_released() {}

    #[isolated(first = awaited(Db("first", Well, Well)), db = awaited(Db("db", Well, Fails)))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn fails_and_is_not_released(db: &str) {
        panic!("body {db}");
    }
}

fn full(test: &str) -> String {
    format!("isolated-test: attributes::async_resources_fail::inner::{test}")
}

/// Runs a test that cannot begin, and checks the reason that it prints.
fn cannot_begin(test: &str, why: &str) {
    let run = State::new().inner(test).run().failed();
    let full = full(test);
    for line in [
        format!("{full}: failed to provision the resource `db`: {why}\n"),
        format!("{full} failed\n"),
        // Its description panics.
        "    resource   first\n".to_owned(),
    ] {
        assert!(run.errors.contains(&line), "{test}: {}", run.errors);
    }
    assert_eq!(run.said("body"), None, "{test}");
    assert_eq!(run.said("released"), Some("first Failed"), "{test}");
}

#[test]
fn an_error_fails_the_test_with_its_reason() {
    cannot_begin("is_refused", "refused: no server");
}

#[test]
fn an_error_is_not_the_panic_that_a_test_expects() {
    for test in [
        "is_refused_and_expects_a_panic",
        "is_refused_in_a_case_that_panics::test_case_1_only",
        "is_refused_in_its_process",
    ] {
        cannot_begin(test, "refused: no server");
    }
}

#[test]
fn an_error_of_the_expression_is_not_the_panic_that_a_test_expects() {
    let why = r#"Refused(Custom { kind: Other, error: "no server" })"#;
    cannot_begin("cannot_be_made", why);
}

#[test]
fn a_panic_is_not_the_panic_that_a_test_expects() {
    cannot_begin("panics_and_expects_it", "panicked on purpose");
}

/// Runs a test with a resource that cannot be released, and checks the reason that it prints.
fn cannot_be_released(test: &str, why: &str) -> String {
    let run = State::new().inner(test).run().failed();
    let reason = format!(
        "{}: failed to release the resource `db`: {why}\n",
        full(test)
    );
    assert!(run.errors.contains(&reason), "{test}: {}", run.errors);
    assert!(run.output.contains("@released first"), "{test}");
    run.errors
}

#[test]
fn a_release_that_fails_fails_a_test_that_passed() {
    for test in [
        "is_not_released",
        "is_not_released_and_expects_a_panic",
        "is_not_released_in_its_process",
        "is_not_released_in_a_case::test_case_1_only",
    ] {
        let errors = cannot_be_released(test, "refused: no server");
        let block = format!("{} failed\n", full(test));
        assert!(!errors.contains(&block), "{test}: {errors}");
    }
    cannot_be_released("panics_when_it_is_released", "panicked on purpose");
}

#[test]
fn a_release_that_fails_does_not_hide_why_the_test_failed() {
    let errors = cannot_be_released("fails_and_is_not_released", "refused: no server");
    assert!(errors.contains("body db"), "{errors}");
    assert!(errors.contains("    resource   db\n"), "{errors}");
}
