//! Custom resources that fail in the subprocess of a test, or during the transfer to it.

#![cfg(any(target_os = "linux", windows))]

use isolated_test_tests::{Finished, State, ends};

mod inner {
    use isolated_test::{BoxError, Current, Outcome, Resource, Transfer, isolated};
    use isolated_test_tests::say;

    /// The stage at which a resource fails.
    #[derive(PartialEq)]
    enum At {
        Provision,
        Panic,
        Release,
        Nowhere,
    }

    use At::{Nowhere, Panic, Provision, Release};

    /// A resource that is provisioned in the subprocess.
    struct Stays(At);

    impl Resource for Stays {
        type Handle = ();

        fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            assert!(self.0 != Panic, "thrown on purpose");
            if self.0 == Provision {
                return Err("on purpose".into());
            }
            Ok(())
        }

        fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
            say(&format!("released {outcome:?}"));
            if self.0 == Release {
                return Err("on purpose".into());
            }
            Ok(())
        }

        fn describe(&self) -> Option<String> {
            (self.0 == Nowhere).then(|| "what stays".to_owned())
        }
    }

    /// A resource that is provisioned in the parent and fails during the transfer.
    struct Travels;

    /// A handle that is transferred as text.
    struct Written(&'static str);

    impl Resource for Travels {
        type Handle = Written;

        fn provision(&mut self, _: &Current) -> Result<Written, BoxError> {
            Ok(Written("a word"))
        }

        fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
            say(&format!("released {outcome:?}"));
            Ok(())
        }

        fn describe(&self) -> Option<String> {
            Some("what travels".to_owned())
        }

        fn transfer() -> Transfer<Written> {
            Transfer::with(
                |written| written.0.to_owned(),
                |text| Err(format!("{text:?} cannot be read").into()),
            )
        }
    }

    /// A resource that panics when its handle is written as text.
    struct Unwritten;

    impl Resource for Unwritten {
        type Handle = u8;

        fn provision(&mut self, _: &Current) -> Result<u8, BoxError> {
            Ok(7)
        }

        fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
            say(&format!("released {outcome:?}"));
            Ok(())
        }

        fn transfer() -> Transfer<u8> {
            Transfer::with(|number| panic!("{number} has no text"), |_| Ok(7))
        }
    }

    #[isolated(process, first = Stays(Nowhere), second = Stays(Provision))]
    #[test]
    #[ignore = "started by another test"]
    fn fails_to_provision() {
        say("body");
    }

    #[isolated(process, first = Stays(Panic))]
    #[test]
    #[should_panic(expected = "on purpose")]
    #[ignore = "started by another test"]
    fn panics_as_it_provisions() {
        say("body");
    }

    #[isolated(process, first = Stays(Nowhere), second = Stays(Release))]
    #[test]
    #[ignore = "started by another test"]
    fn fails_to_release() {
        say("body");
    }

    #[isolated(process, first = Stays(Release))]
    #[test]
    #[should_panic(expected = "on purpose")]
    #[ignore = "started by another test"]
    fn fails_to_release_after_its_panic() {
        panic!("on purpose");
    }

    #[isolated(process, first = Travels)]
    #[test]
    #[ignore = "started by another test"]
    fn cannot_be_read() {
        say("body");
    }

    #[isolated(process, first = Unwritten)]
    #[test]
    #[ignore = "started by another test"]
    fn cannot_be_written() {
        say("body");
    }

    #[isolated(process, first = Stays(Nowhere))]
    #[test]
    #[ignore = "started by another test"]
    fn fails() {
        panic!("on purpose");
    }

    #[isolated(process, first = Stays(Nowhere))]
    #[test]
    #[ignore = "started by another test"]
    fn dies() {
        std::process::abort();
    }
}

/// Runs a failing test, and expects this report between the first line and the last.
#[track_caller]
fn expect(test: &str, why: &str, lines: &str) -> Finished {
    let run = State::new().inner(test).run().failed();
    let why = match why {
        "" => String::new(),
        why => format!("isolated-test: processes::process_fail_resources::inner::{test}: {why}\n"),
    };
    assert_eq!(
        run.reported("processes/process_fail_resources"),
        format!(
            "{why}isolated-test: processes::process_fail_resources::inner::{test} failed
    at         tests/tests/processes/process_fail_resources.rs:1
{lines}    repeat     cargo test -p isolated-test-tests --test processes -- --exact process_fail_resources::inner::{test}
"
        )
    );
    run
}

#[test]
fn one_that_cannot_be_provisioned_there() {
    let run = expect(
        "fails_to_provision",
        "failed to provision the resource `second`: on purpose",
        "    resource   first\n    resource   second\n",
    );
    assert_eq!(run.said("released"), Some("Failed"), "what was before it");
    assert_eq!(run.said("body"), None);
}

#[test]
fn one_that_panics_does_not_pass_for_the_panic_of_the_test() {
    let run = expect(
        "panics_as_it_provisions",
        "failed to provision the resource `first`: thrown on purpose",
        "    resource   first\n",
    );
    assert_eq!(run.said("body"), None);
}

#[test]
fn one_that_cannot_be_released_there() {
    let run = State::new().inner("fails_to_release").run().failed();
    assert_eq!(
        run.errors,
        "isolated-test: processes::process_fail_resources::inner::fails_to_release: failed to release the \
         resource `second`: on purpose\n"
    );
    assert_eq!(run.said("released"), Some("Passed"));
    assert_eq!(run.said("body"), Some(""));
}

#[test]
fn one_that_cannot_be_released_after_an_expected_panic() {
    let run = State::new()
        .inner("fails_to_release_after_its_panic")
        .run()
        .failed();
    let report = run.reported("processes/process_fail_resources");
    assert!(
        report.contains("failed to release the resource `first`: on purpose\n"),
        "{report}"
    );
}

#[test]
fn one_that_cannot_be_read() {
    let run = expect(
        "cannot_be_read",
        "failed to provision the resource `first`: \"a word\" cannot be read",
        "    resource   first = what travels\n",
    );
    assert_eq!(run.said("released"), Some("Failed"));
    assert_eq!(run.said("body"), None);
}

#[test]
fn one_that_cannot_be_written() {
    let run = State::new().inner("cannot_be_written").run().failed();
    assert_eq!(
        run.errors.matches("7 has no text").count(),
        2,
        "{}",
        run.errors
    );
    assert!(!run.errors.contains("future"), "{}", run.errors);
    assert_eq!(run.said("released"), Some("Failed"));
    assert_eq!(run.said("body"), None);
}

#[test]
fn those_of_a_test_that_fails_describe_themselves() {
    let run = expect("fails", "", "    resource   first = what stays\n");
    assert_eq!(run.said("released"), Some("Failed"));
}

#[test]
fn those_of_a_test_that_dies_are_named() {
    let how = ends::ABORTED;
    let run = expect(
        "dies",
        &format!("the process of the test {how} before the test had ended"),
        "    resource   first\n",
    );
    assert_eq!(run.said("released"), None);
}
