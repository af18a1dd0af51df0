//! Resources that skip their test.

#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a test"
)]

use std::fs;

use isolated_test_tests::State;

mod inner {
    use std::io;

    use isolated_test::{
        AsyncResource, BoxError, Current, Outcome, Resource, Skip, Transfer, isolated,
    };
    use isolated_test_tests::say;
    use test_case::test_case;

    fn skip() -> BoxError {
        Skip::because("Docker is not installed").into()
    }

    /// A container of something that is not installed.
    struct Container;

    impl Container {
        /// The one of a case. A test with an expression that uses a parameter is isolated inside of its attribute.
        fn of(_case: u32) -> Self {
            Container
        }
    }

    impl Resource for Container {
        type Handle = ();

        fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            Err(skip())
        }
    }

    impl AsyncResource for Container {
        type Handle = ();

        async fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            tokio::task::yield_now().await;
            Err(skip())
        }
    }

    /// The same, provisioned in the parent of a subprocess.
    struct Sent;

    impl Resource for Sent {
        type Handle = String;

        fn provision(&mut self, _: &Current) -> Result<String, BoxError> {
            Err(skip())
        }

        fn transfer() -> Transfer<String> {
            Transfer::as_text()
        }
    }

    /// A resource that is provisioned before.
    struct Before(Option<&'static str>);

    impl Before {
        fn end(&self, outcome: Outcome) -> Result<(), BoxError> {
            say(&format!("released {outcome:?}"));
            self.0.map_or(Ok(()), |why| Err(why.into()))
        }
    }

    impl Resource for Before {
        type Handle = ();

        fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            Ok(())
        }

        fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
            self.end(outcome)
        }
    }

    impl AsyncResource for Before {
        type Handle = ();

        async fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            Ok(())
        }

        async fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
            self.end(outcome)
        }
    }

    #[isolated(tmpdir, before = Before(None), container = Container)]
    mod skipped {
        use isolated_test::isolated;
        use isolated_test_tests::say;

        #[test]
        #[ignore = "started by another test"]
        fn in_place() {
            say("body");
        }

        #[test]
        #[should_panic]
        #[ignore = "started by another test"]
        fn that_should_panic() {
            say("body");
        }

        #[test]
        #[should_panic(expected = "on purpose")]
        #[ignore = "started by another test"]
        fn that_should_panic_so() {
            say("body");
        }

        #[isolated(process)]
        #[test]
        #[ignore = "started by another test"]
        fn in_a_process() {
            say("body");
        }

        #[isolated(process)]
        #[test]
        #[should_panic(expected = "on purpose")]
        #[ignore = "started by another test"]
        fn in_a_process_that_should_panic() {
            say("body");
        }

        #[isolated(retries = 2)]
        #[test]
        #[ignore = "started by another test"]
        fn and_not_retried() {
            say("body");
        }

        #[tokio::test]
        #[ignore = "started by another test"]
        async fn asynchronous() {
            say("body");
        }

        #[tokio::test]
        #[should_panic(expected = "on purpose")]
        #[ignore = "started by another test"]
        async fn asynchronous_that_should_panic() {
            say("body");
        }

        #[isolated(process)]
        #[tokio::test]
        #[ignore = "started by another test"]
        async fn asynchronous_in_a_process() -> Result<(), String> {
            say("body");
            Ok(())
        }
    }

    #[isolated(before = Before(None), sent = Sent, env(SENT = sent))]
    #[test]
    #[ignore = "started by another test"]
    fn skipped_in_the_parent() {
        say("body");
    }

    #[isolated(before = awaited(Before(None)), container = awaited(Container))]
    mod awaited {
        use isolated_test::isolated;
        use isolated_test_tests::say;

        #[tokio::test]
        #[ignore = "started by another test"]
        async fn in_place() {
            say("body");
        }

        #[tokio::test]
        #[should_panic(expected = "on purpose")]
        #[ignore = "started by another test"]
        async fn that_should_panic() {
            say("body");
        }

        #[isolated(process)]
        #[tokio::test]
        #[ignore = "started by another test"]
        async fn in_a_process() -> std::io::Result<()> {
            say("body");
            Ok(())
        }

        #[isolated(process)]
        #[tokio::test]
        #[should_panic(expected = "on purpose")]
        #[ignore = "started by another test"]
        async fn in_a_process_that_should_panic() {
            say("body");
        }
    }

    #[isolated(before = Before(Some("stuck")), container = Container)]
    #[test]
    #[ignore = "started by another test"]
    fn unclean() {}

    #[isolated(before = Before(Some("stuck")), container = Container)]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn unclean_and_should_panic() {}

    #[isolated(process, before = Before(Some("stuck")), container = Container)]
    #[test]
    #[ignore = "started by another test"]
    fn unclean_in_a_process() {}

    #[isolated(before = awaited(Before(Some("stuck"))), container = awaited(Container))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn unclean_when_awaited() {}

    /// A resource with another problem, although the cause is one that could be skipped.
    struct Wrapped;

    impl Resource for Wrapped {
        type Handle = ();

        fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            Err(io::Error::other(skip()).into())
        }
    }

    #[cfg(unix)]
    const SHARED: isolated_test::Once<Sent> = isolated_test::Once::new("sent", || Sent);

    #[cfg(unix)]
    #[isolated(sent = SHARED)]
    #[test]
    #[ignore = "started by another test"]
    fn in_a_host() {}

    #[isolated(container = Container::of(number))]
    #[test_case(1 => 1; "rightly")]
    #[ignore = "started by another test"]
    fn is_judged(number: u32) -> u32 {
        say("body");
        number
    }

    #[isolated(container = Container::of(number))]
    #[test_case(1 => 1; "rightly")]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn is_judged_when_awaited(number: u32) -> u32 {
        say("body");
        number
    }

    #[isolated(before = Before(None), container = awaited(Container::of(number)))]
    #[test_case(1 => 1; "rightly")]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn is_judged_around(number: u32) -> u32 {
        say("body");
        number
    }

    #[isolated(wrapped = Wrapped)]
    #[test]
    #[ignore = "started by another test"]
    fn wrapped() {}
}

const REASON: &str = "skipped, because Docker is not installed";

#[test]
fn a_skipped_test_passes_and_says_so_aloud() {
    for test in [
        "skipped::in_place",
        "skipped::that_should_panic",
        "skipped::that_should_panic_so",
        "skipped::in_a_process",
        "skipped::in_a_process_that_should_panic",
        "skipped::and_not_retried",
        "skipped::asynchronous",
        "skipped::asynchronous_that_should_panic",
        "skipped::asynchronous_in_a_process",
        "skipped_in_the_parent",
        "awaited::in_place",
        "awaited::that_should_panic",
        "awaited::in_a_process",
        "awaited::in_a_process_that_should_panic",
        "is_judged_around::test_case_1_rightly",
    ] {
        let state = State::new();
        let run = state.inner(test).run().passed();
        let expected = format!("isolated-test: resources::skip::inner::{test}: {REASON}\n");
        assert_eq!(run.errors, expected);
        assert_eq!(run.said("body"), None, "{test}");
        // The one of a subprocess that never began was not provisioned.
        let is_released = test != "skipped_in_the_parent";
        assert_eq!(run.said("released").is_some(), is_released, "{test}");
        assert_eq!(run.said("released Failed"), None, "{test}");
        assert!(state.runs().is_empty(), "{test}");
    }
}

#[test]
fn the_line_is_not_captured() {
    let state = State::new();
    let run = state.inner("skipped::in_place").captured().run().passed();
    let expected = format!("isolated-test: resources::skip::inner::skipped::in_place: {REASON}\n");
    assert_eq!(run.errors, expected);
}

#[test]
fn a_skipped_test_that_cannot_release_something_fails() {
    for test in [
        "unclean",
        "unclean_and_should_panic",
        "unclean_in_a_process",
        "unclean_when_awaited",
    ] {
        let state = State::new();
        let run = state.inner(test).run().failed();
        let expected = format!(
            "isolated-test: resources::skip::inner::{test}: failed to release the resource `before`: stuck"
        );
        assert_eq!(state.complaint(&run), expected);
        assert!(!run.errors.contains(REASON), "{}", run.errors);
    }
}

#[test]
fn an_error_with_such_a_cause_is_a_failure() {
    let state = State::new();
    let run = state.inner("wrapped").run().failed();
    let expected = "isolated-test: resources::skip::inner::wrapped: failed to provision the resource \
                    `wrapped`: Docker is not installed";
    assert_eq!(state.complaint(&run), expected);
}

#[test]
fn the_trace_knows_that_a_test_was_skipped() {
    for test in ["skipped::in_place", "skipped::in_a_process"] {
        let state = State::new();
        let dir = state.scratch();
        let _ = state.inner(test).env("ISOLATED_TRACE", &dir).run().passed();
        let files = fs::read_dir(&dir).unwrap();
        let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        let all: String = texts.collect();
        let over = r#""outcome":"passed","how":"skipped","why":"Docker is not installed""#;
        assert!(all.contains(over), "{all}");
        assert!(!all.contains(r#""outcome":"failed""#), "{all}");
    }
}

#[cfg(unix)]
#[test]
fn in_a_host_it_is_a_failure() {
    let state = State::new();
    let run = state.inner("in_a_host").run().failed();
    let complaint = state.complaint(&run);
    assert!(
        complaint.contains(": failed to provision the resource `sent`: "),
        "{complaint}"
    );
    assert!(
        complaint.ends_with(": Docker is not installed"),
        "{complaint}"
    );
}

/// The attribute cannot get the value of a body that did not run.
#[test]
fn inside_of_an_attribute_that_judges_the_value_it_is_a_failure() {
    for test in [
        "is_judged::test_case_1_rightly",
        "is_judged_when_awaited::test_case_1_rightly",
    ] {
        let state = State::new();
        let run = state.inner(test).run().failed();
        let expected = format!("isolated-test: resources::skip::inner::{test}: {REASON}");
        assert_eq!(state.complaint(&run), expected);
        assert_eq!(run.said("body"), None, "{test}");
    }
}
