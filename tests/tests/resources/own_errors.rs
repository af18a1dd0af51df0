//! Errors and panics of custom resources.

#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a test"
)]

use isolated_test_tests::{Finished, State};

mod inner {
    use std::fmt;

    use isolated_test::{BoxError, Current, Outcome, Resource, isolated};
    use isolated_test_tests::say;

    fn event(text: impl fmt::Display) {
        say(&format!("event {text}"));
    }

    /// How a call behaves.
    #[derive(Clone, Copy, PartialEq)]
    enum Does {
        Well,
        Fails,
        Panics,
    }
    use Does::{Fails, Panics, Well};

    impl Does {
        fn now(self, name: &str) -> Result<(), BoxError> {
            match self {
                Well => Ok(()),
                Fails => Err(Outer(name.to_owned(), Inner).into()),
                Panics => panic!("{name} panics on purpose"),
            }
        }
    }

    #[derive(Debug)]
    struct Outer(String, Inner);
    #[derive(Debug)]
    struct Inner;

    impl fmt::Display for Outer {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "{} is out of order", self.0)
        }
    }
    impl fmt::Display for Inner {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("no coffee")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.1)
        }
    }
    impl std::error::Error for Inner {}

    struct Logged(&'static str, Does, Does);
    struct Handle(&'static str);

    fn logged(name: &'static str) -> Logged {
        Logged(name, Well, Well)
    }

    impl Drop for Handle {
        fn drop(&mut self) {
            event(format_args!("drop {}", self.0));
        }
    }

    impl Resource for Logged {
        type Handle = Handle;

        fn provision(&mut self, _: &Current) -> Result<Handle, BoxError> {
            event(format_args!("provision {}", self.0));
            self.1.now(self.0).map(|()| Handle(self.0))
        }

        fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
            event(format_args!("release {} {outcome:?}", self.0));
            self.2.now(self.0)
        }
    }

    #[isolated(a = logged("a"), b = Logged("b", Fails, Well), c = logged("c"))]
    #[test]
    #[ignore = "started by another test"]
    fn cannot_provision() {
        event("body");
    }

    #[isolated(a = logged("a"), b = Logged("b", Panics, Well), c = logged("c"))]
    #[test]
    #[ignore = "started by another test"]
    fn panics_while_provisioning() {
        event("body");
    }

    fn unmade() -> Logged {
        panic!("not even made")
    }

    #[isolated(a = logged("a"), b = unmade())]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn panics_while_making() {
        event("body");
    }

    #[isolated(a = logged("a"), b = Logged("b", Well, Fails), c = Logged("c", Well, Panics))]
    #[test]
    #[ignore = "started by another test"]
    fn cannot_release() {}

    #[isolated(a = Logged("a", Well, Fails))]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn cannot_release_after_the_expected_panic() {
        panic!("on purpose");
    }

    #[isolated(a = Logged("a", Well, Fails))]
    #[test]
    #[ignore = "started by another test"]
    fn cannot_release_after_a_panic() {
        panic!("on purpose");
    }
}

fn run(test: &str) -> Finished {
    let state = State::new();
    let run = state.inner(test).run();
    let kept = state.runs();
    assert!(
        kept.iter().all(|path| !path.ends_with("lock")),
        "nothing is left but what is kept"
    );
    run
}

fn events(run: &Finished) -> Vec<&str> {
    run.output
        .lines()
        .filter_map(|line| line.strip_prefix("@event "))
        .collect()
}

/// Returns the lines about resource errors, without the name of the test.
fn errors(run: &Finished) -> Vec<&str> {
    run.errors
        .lines()
        .filter_map(|line| {
            line.strip_prefix("isolated-test: resources::own_errors::inner::")?
                .split_once(": ")
        })
        .map(|(_, error)| error)
        .collect()
}

#[test]
fn an_error_while_provisioning_is_shown_with_its_sources_and_ends_the_test() {
    let run = run("cannot_provision").failed();
    assert_eq!(
        events(&run),
        ["provision a", "provision b", "drop a", "release a Failed"]
    );
    assert_eq!(
        errors(&run),
        ["failed to provision the resource `b`: b is out of order: no coffee"]
    );
    assert!(
        run.errors
            .contains("\n    resource   a\n    missing    b\n    missing    c\n"),
        "{}",
        run.errors
    );
}

#[test]
fn a_panic_while_provisioning_ends_the_test() {
    let run = run("panics_while_provisioning").failed();
    assert_eq!(
        events(&run),
        ["provision a", "provision b", "drop a", "release a Failed"]
    );
    assert_eq!(
        errors(&run),
        ["failed to provision the resource `b`: b panics on purpose"]
    );
}

#[test]
fn a_panic_while_making_one_fails_even_a_test_that_should_panic() {
    let run = run("panics_while_making").failed();
    assert_eq!(events(&run), ["provision a", "drop a", "release a Failed"]);
    assert_eq!(
        errors(&run),
        ["failed to provision the resource `b`: not even made"]
    );
}

#[test]
fn every_error_while_releasing_is_shown_and_fails_a_test_that_passed() {
    let run = run("cannot_release").failed();
    assert_eq!(
        events(&run)[3..],
        [
            "drop c",
            "release c Passed",
            "drop b",
            "release b Passed",
            "drop a",
            "release a Passed"
        ]
    );
    assert_eq!(
        errors(&run),
        [
            "failed to release the resource `c`: c panics on purpose",
            "failed to release the resource `b`: b is out of order: no coffee",
        ]
    );
}

#[test]
fn an_error_while_releasing_fails_a_test_that_should_panic() {
    let run = run("cannot_release_after_the_expected_panic").failed();
    assert_eq!(
        errors(&run),
        ["failed to release the resource `a`: a is out of order: no coffee"]
    );
}

#[test]
fn an_error_while_releasing_does_not_hide_the_panic() {
    let run = run("cannot_release_after_a_panic").failed();
    assert!(run.errors.contains("\non purpose\n"), "{}", run.errors);
    assert_eq!(
        errors(&run),
        ["failed to release the resource `a`: a is out of order: no coffee"]
    );
}
