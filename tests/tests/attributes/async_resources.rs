//! Asynchronous resources: when they are provisioned and released, and by which tests.

use std::fmt::Display;

use isolated_test::{AsyncResource, BoxError, Current, Outcome, current};
use isolated_test_tests::attempts::attempts;
use isolated_test_tests::{Finished, State, say};
use tokio::task::JoinHandle;

mod inner {
    use std::process::ExitCode;

    use isolated_test::isolated;
    use isolated_test_tests::attempts::fails;
    use isolated_test_tests::say;
    use test_case::test_case;

    use super::{Noted, Server};

    #[isolated(
        namespace,
        first = awaited(Server::of("first")),
        between = value(Noted(format!("{first}-value"))),
        second = awaited(Server::of(&between.0)),
        last = value(Noted(format!("last of {second}")))
    )]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn has_two_and_passes(second: Noted, first: &mut Noted, last: &Noted) {
        tokio::task::yield_now().await;
        say(&format!("body {first} {second} {last}"));
    }

    #[isolated(namespace, server = awaited(Server::of("server")))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn panics_later(server: &Noted) {
        tokio::task::yield_now().await;
        panic!("{server} on purpose");
    }

    #[isolated(namespace, server = awaited(Server::of("server")))]
    #[tokio::test(flavor = "multi_thread")]
    #[should_panic(expected = "on purpose")]
    #[ignore = "started by another test"]
    async fn panics_as_expected(server: Noted) {
        tokio::task::yield_now().await;
        panic!("{server} on purpose");
    }

    #[isolated(namespace, server = awaited(Server::of("server")))]
    #[tokio::test]
    #[should_panic(expected = "something else")]
    #[ignore = "started by another test"]
    async fn panics_otherwise(server: Noted) {
        panic!("{server} on purpose");
    }

    #[isolated(namespace, server = awaited(Server::of("server")))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn returns_an_error() -> Result<(), String> {
        Err("on purpose".to_owned())
    }

    #[isolated(namespace, server = awaited(Server::of("server")))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn returns_an_exit_code() -> Result<ExitCode, String> {
        Ok(ExitCode::from(3))
    }

    #[isolated(namespace, server = awaited(Server::of("server")))]
    #[test_case(1 => panics "on purpose"; "panics")]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn panics_in_a_case(number: u8) -> u8 {
        panic!("on purpose {number}");
    }

    #[isolated(namespace, server = awaited(Server::of("server")), process)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn panics_in_its_process(server: &Noted) {
        panic!("{server} on purpose");
    }

    #[isolated(namespace, server = awaited(Server::of("server")), retries = 2)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn needs_two_attempts() {
        assert!(!fails());
    }

    #[isolated(namespace, server = awaited(Server::of("server")), late = value(fails_to_load()?))]
    #[tokio::test]
    #[should_panic(expected = "no file")]
    #[ignore = "started by another test"]
    async fn has_a_value_that_cannot_be_made(late: u8) {
        say(&format!("body {late}"));
    }

    fn fails_to_load() -> Result<u8, String> {
        Err("no file".to_owned())
    }

    /// The code of an attribute with a time limit.
    macro_rules! given_up {
        ($(#[$attribute:meta])* async fn $name:ident() $body:block) => {
            $(#[$attribute])*
            fn $name() {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async {
                    let mut body = Box::pin(async $body);
                    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                    assert!(body.as_mut().poll(&mut context).is_pending());
                });
            }
        };
    }

    #[isolated(namespace, server = awaited(Server::of("server")))]
    #[macro_rules_attribute::apply(given_up)]
    #[test]
    #[ignore = "started by another test"]
    async fn is_given_up_too_early() {
        say("body");
    }

    #[isolated(namespace, server = awaited(Server::here("server")))]
    #[macro_rules_attribute::apply(given_up)]
    #[test]
    #[ignore = "started by another test"]
    async fn is_given_up() {
        std::future::pending::<()>().await;
    }
}

/// A handle that says when it is dropped.
struct Noted(String);

impl Display for Noted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        say(&format!("dropped {}", self.0));
    }
}

/// A resource with a task in the runtime of the test, which its release awaits.
struct Server {
    name: String,
    task: Option<JoinHandle<()>>,
    /// Whether provisioning it needs several polls.
    yields: bool,
}

impl Server {
    fn of(name: impl Display) -> Self {
        Server {
            name: name.to_string(),
            task: None,
            yields: true,
        }
    }

    fn here(name: impl Display) -> Self {
        Server {
            yields: false,
            ..Server::of(name)
        }
    }
}

impl AsyncResource for Server {
    type Handle = Noted;

    async fn provision(&mut self, test: &Current) -> Result<Noted, BoxError> {
        assert_eq!(current().namespace(), test.namespace());
        if self.yields {
            tokio::task::yield_now().await;
        }
        assert_eq!(current().namespace(), test.namespace());
        self.task = Some(tokio::spawn(tokio::task::yield_now()));
        say(&format!("provisioned {}", self.name));
        Ok(Noted(self.name.clone()))
    }

    async fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        if let Some(task) = self.task.take() {
            task.await?;
        }
        let namespace = current().namespace();
        assert_eq!(namespace.as_str().len(), 26);
        say(&format!("released {} {outcome:?}", self.name));
        Ok(())
    }

    fn describe(&self) -> Option<String> {
        Some(format!("server {}", self.name))
    }
}

/// The words of an inner test, in order.
fn said(run: &Finished) -> String {
    let words = run.output.lines().filter_map(|line| line.strip_prefix('@'));
    words.collect::<Vec<_>>().join(", ")
}

#[test]
fn they_are_made_with_the_values_in_source_order_and_released_in_reverse_order() {
    let run = State::new().inner("has_two_and_passes").run().passed();
    assert_eq!(
        said(&run),
        "provisioned first, provisioned first-value, \
         body first first-value last of first-value, dropped first-value, \
         dropped last of first-value, released first-value Passed, \
         dropped first-value, dropped first, released first Passed"
    );
}

#[test]
fn the_outcome_is_that_of_the_function() {
    for (test, outcome) in [
        ("panics_later", "Failed"),
        ("panics_as_expected", "Passed"),
        ("panics_otherwise", "Failed"),
        ("returns_an_error", "Failed"),
        ("returns_an_exit_code", "Failed"),
        ("panics_in_a_case::test_case_1_panics", "Passed"),
        ("panics_in_its_process", "Failed"),
        ("has_a_value_that_cannot_be_made", "Failed"),
    ] {
        let run = State::new().inner(test).run();
        let run = match outcome {
            "Passed" => run.passed(),
            _ => run.failed(),
        };
        let expected = format!("provisioned server, dropped server, released server {outcome}");
        assert_eq!(said(&run), expected, "{test}: {}", run.errors);
        assert_eq!(
            run.errors
                .matches("    resource   server = server server\n")
                .count(),
            usize::from(outcome == "Failed"),
            "{test}: {}",
            run.errors
        );
    }
}

#[test]
fn each_attempt_has_its_own() {
    let (run, attempts, _) = attempts("needs_two_attempts", "1", &[]);
    run.passed();
    assert_eq!(attempts.len(), 2, "{attempts:?}");
}

/// Nothing can be awaited any more.
#[test]
fn a_future_that_is_dropped_drops_the_resource() {
    let run = State::new().inner("is_given_up").run().failed();
    assert_eq!(said(&run), "provisioned server, dropped server");
    for line in [
        "the future of the test was dropped before it ended\n",
        "    resource   server = server server\n",
    ] {
        assert!(run.errors.contains(line), "{}", run.errors);
    }
}

#[test]
fn a_future_that_is_dropped_while_it_is_provisioned_says_so() {
    let run = State::new().inner("is_given_up_too_early").run().failed();
    assert_eq!(said(&run), "");
    let reason = "failed to provision the resource `server`: the future of the test was dropped before it ended\n";
    assert!(run.errors.contains(reason), "{}", run.errors);
}
