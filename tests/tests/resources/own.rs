//! Custom resources: their order, what they see, and what they are told.

#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a test"
)]

use isolated_test_tests::{Finished, State};

mod inner {
    use std::fmt;
    use std::process::ExitCode;

    use isolated_test::{BoxError, Current, Key, Outcome, Resource, isolated, try_current};
    use isolated_test_tests::say;
    use rstest::rstest;

    fn event(text: impl fmt::Display) {
        say(&format!("event {text}"));
    }

    struct Logged(&'static str);
    struct Handle(&'static str);

    fn logged(name: &'static str) -> Logged {
        Logged(name)
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
            Ok(Handle(self.0))
        }

        fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
            event(format_args!("release {} {outcome:?}", self.0));
            Ok(())
        }
    }

    #[isolated(a = logged("a"), b = logged("b"), c = logged("c"))]
    #[test]
    #[ignore = "started by another test"]
    fn has_three(a: &Handle, b: Handle) {
        event(format_args!("body {} {}", a.0, b.0));
    }

    #[isolated(a = logged("a"), b = logged("b"))]
    #[test]
    #[ignore = "started by another test"]
    fn panics(a: &Handle, b: Handle) {
        let _ = (a, &b);
        panic!("on purpose");
    }

    #[isolated(a = logged("a"))]
    #[test]
    #[ignore = "started by another test"]
    fn returns_an_error(a: &Handle) -> Result<(), String> {
        Err(a.0.to_owned())
    }

    #[isolated(a = logged("a"))]
    #[test]
    #[ignore = "started by another test"]
    fn returns_a_failure(a: &Handle) -> ExitCode {
        let _ = a;
        ExitCode::FAILURE
    }

    #[isolated(a = logged("a"))]
    #[test]
    #[should_panic(expected = "on purpose")]
    #[ignore = "started by another test"]
    fn panics_as_it_should() {
        panic!("on purpose");
    }

    #[isolated(a = logged("a"))]
    #[test]
    #[should_panic(expected = "something else")]
    #[ignore = "started by another test"]
    fn panics_in_another_way() {
        panic!("on purpose");
    }

    #[isolated(a = logged("a"))]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn does_not_panic_as_it_should() {}

    /// Looks at the other resources of the test.
    struct Curious;

    impl Resource for Curious {
        type Handle = String;

        fn provision(&mut self, test: &Current) -> Result<String, BoxError> {
            let first = test
                .resource::<Handle>("a")
                .expect("the handle of what stands before");
            assert_eq!(
                try_current().map(|current| current.name().to_owned()),
                Some(test.name().to_owned())
            );
            assert!(test.tmpdir_named("late").is_none() && test.ports("port").len() == 1);
            std::fs::write(test.tmpdir().join("seen"), test.port().to_string())?;
            Ok(format!("{} {}", test.name(), first.0))
        }
    }

    #[isolated(port, tmpdir, a = logged("a"), curious = Curious, late = tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn sees_the_others(port: u16, tmpdir: &std::path::Path, curious: String) {
        assert_eq!(
            std::fs::read_to_string(tmpdir.join("seen")).unwrap(),
            port.to_string()
        );
        event(curious);
    }

    /// Records whether a lock is held.
    struct Locked;

    impl Locked {
        fn look(when: &str) {
            let free = std::thread::spawn(|| Key::new("own").try_lock().unwrap().is_some()).join();
            event(format_args!(
                "{when} {}",
                if free.unwrap() { "free" } else { "locked" }
            ));
        }
    }

    impl Resource for Locked {
        type Handle = ();

        fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            Self::look("provision");
            Ok(())
        }

        fn release(&mut self, _: Outcome) -> Result<(), BoxError> {
            Self::look("release");
            Ok(())
        }
    }

    #[isolated(locked = Locked, serial = "own")]
    #[test]
    #[ignore = "started by another test"]
    fn holds_its_lock() {}

    #[isolated(a = logged(name))]
    #[rstest]
    #[case::first("one")]
    #[ignore = "started by another test"]
    fn depends_on_its_case(#[case] name: &'static str, a: &Handle) {
        event(format_args!("body {name} {}", a.0));
    }

    #[isolated(a = logged("a"), b = logged("b"))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn awaits(a: &Handle, b: Handle) {
        tokio::task::yield_now().await;
        event(format_args!("body {} {}", a.0, b.0));
    }

    #[isolated(a = logged("a"), b = logged("b"))]
    #[test]
    #[ignore = "started by another test"]
    fn changes_one(a: &mut Handle, b: &Handle) {
        a.0 = "changed";
        event(format_args!("body {} {}", a.0, b.0));
    }

    #[isolated(a = logged("a"))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn changes_one_and_waits(a: &mut Handle) {
        tokio::task::yield_now().await;
        a.0 = "changed";
    }

    #[isolated(a = logged("a"))]
    #[test]
    #[ignore = "started by another test"]
    fn hides_its_handle() {
        let handle = isolated_test::current().get::<Handle>();
        std::thread::spawn(move || event(format_args!("body {}", handle.0)))
            .join()
            .unwrap();
    }

    /// A resource that borrows its data.
    struct Borrowing<'a>(&'a str);

    impl Resource for Borrowing<'_> {
        type Handle = String;

        fn provision(&mut self, _: &Current) -> Result<String, BoxError> {
            Ok(self.0.to_uppercase())
        }
    }

    #[isolated(text = Borrowing(name))]
    #[rstest]
    #[case::only("lower")]
    #[ignore = "started by another test"]
    fn borrows_from_its_case(#[case] name: &str, text: &String) {
        event(format_args!("{name} {text}"));
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

#[test]
fn they_are_provisioned_as_written_and_released_in_reverse() {
    let run = run("has_three").passed();
    assert_eq!(
        events(&run),
        [
            "provision a",
            "provision b",
            "provision c",
            "body a b",
            "drop b",
            "drop c",
            "release c Passed",
            "release b Passed",
            "drop a",
            "release a Passed",
        ]
    );
    assert_eq!(run.errors, "");
}

#[test]
fn a_panic_releases_them_too() {
    assert_eq!(
        events(&run("panics").failed()),
        [
            "provision a",
            "provision b",
            "drop b",
            "release b Failed",
            "drop a",
            "release a Failed"
        ]
    );
}

#[test]
fn they_are_told_how_the_test_ended() {
    for (test, outcome) in [
        ("returns_an_error", "Failed"),
        ("returns_a_failure", "Failed"),
        ("panics_as_it_should", "Passed"),
        ("panics_in_another_way", "Failed"),
        ("does_not_panic_as_it_should", "Failed"),
    ] {
        let run = run(test);
        let run = if outcome == "Passed" {
            run.passed()
        } else {
            run.failed()
        };
        assert_eq!(
            *events(&run).last().unwrap(),
            format!("release a {outcome}"),
            "{test}"
        );
    }
}

#[test]
fn they_see_the_test_and_what_stands_before_them() {
    let run = run("sees_the_others").passed();
    assert!(
        events(&run).contains(&"resources::own::inner::sees_the_others a"),
        "{}",
        run.output
    );
}

#[test]
fn locks_are_held_before_and_after_them() {
    assert_eq!(
        events(&run("holds_its_lock").passed()),
        ["provision locked", "release locked"]
    );
}

#[test]
fn their_expression_may_use_the_values_of_a_case() {
    assert_eq!(
        events(&run("depends_on_its_case::case_1_first").passed()),
        [
            "provision one",
            "body one one",
            "drop one",
            "release one Passed"
        ]
    );
}

#[test]
fn an_asynchronous_test_has_them_across_its_awaits() {
    assert_eq!(
        events(&run("awaits").passed()),
        [
            "provision a",
            "provision b",
            "body a b",
            "drop b",
            "release b Passed",
            "drop a",
            "release a Passed",
        ]
    );
}

#[test]
fn a_test_may_change_a_handle() {
    assert_eq!(
        events(&run("changes_one").passed()),
        [
            "provision a",
            "provision b",
            "body changed b",
            "drop changed",
            "drop b",
            "release b Passed",
            "release a Passed",
        ]
    );
    assert_eq!(
        events(&run("changes_one_and_waits").passed()),
        ["provision a", "drop changed", "release a Passed"]
    );
}

#[test]
fn a_handle_that_other_threads_had_is_dropped_before_the_release() {
    assert_eq!(
        events(&run("hides_its_handle").passed()),
        ["provision a", "body a", "drop a", "release a Passed"]
    );
}

#[test]
fn their_type_may_have_a_lifetime() {
    assert_eq!(
        events(&run("borrows_from_its_case::case_1_only").passed()),
        ["lower LOWER"]
    );
}
