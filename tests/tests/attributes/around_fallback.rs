//! Test attributes that isolation cannot surround.

use isolated_test_tests::{Finished, State};

/// An attribute that drops all attributes below it.
macro_rules! drops_attributes {
    ($(#[$attribute:meta])* fn $name:ident() $(-> $output:ty)? $body:block) => {
        #[test]
        #[ignore = "started by another test"]
        fn $name() $(-> $output)? $body
    };
    ($(#[$attribute:meta])* async fn $name:ident() $body:block) => {
        #[tokio::test]
        #[ignore = "started by another test"]
        async fn $name() $body
    };
}

/// An attribute that calls the function in another thread.
macro_rules! runs_in_a_thread {
    ($(#[$attribute:meta])* fn $name:ident() $body:block) => {
        $(#[$attribute])*
        fn $name() {
            std::thread::spawn(|| $body).join().unwrap();
        }
    };
}

/// An attribute that makes two tests, each of which waits in another thread until both have begun.
macro_rules! runs_twice_in_a_thread {
    ($(#[$attribute:meta])* fn $name:ident() $body:block) => {
        mod $name {
            use super::*;

            static BOTH: std::sync::Barrier = std::sync::Barrier::new(2);

            fn run() {
                let thread = std::thread::spawn(|| {
                    BOTH.wait();
                    $body
                });
                let result = thread.join();
                BOTH.wait();
                result.unwrap();
            }

            $(#[$attribute])*
            fn one() {
                run();
            }

            $(#[$attribute])*
            fn other() {
                run();
            }
        }
    };
}

mod inner {
    use isolated_test::{BoxError, Current, Port, Resource, TmpDir, current, isolated};
    use isolated_test_tests::say;
    use macro_rules_attribute::apply;
    use rstest::rstest;

    #[isolated(port, tmpdir)]
    #[apply(drops_attributes)]
    fn stands_alone(port: Port, tmpdir: &TmpDir) {
        assert!(tmpdir.is_dir());
        assert_eq!(current().port().number(), port.number());
    }

    #[isolated(port)]
    #[apply(drops_attributes)]
    async fn stands_alone_and_awaits(port: Port) {
        tokio::task::yield_now().await;
        assert_eq!(current().port().number(), port.number());
    }

    #[isolated(process)]
    #[apply(drops_attributes)]
    fn stands_alone_in_a_process() {
        say(&format!("process {}", std::process::id()));
    }

    #[isolated(process)]
    #[apply(drops_attributes)]
    fn returns_a_value_from_a_process() -> Result<(), std::num::ParseIntError> {
        "7".parse::<u8>().map(drop)
    }

    #[isolated(tmpdir)]
    #[apply(drops_attributes)]
    fn fails_alone() {
        panic!("on purpose");
    }

    #[isolated(port)]
    #[apply(runs_in_a_thread)]
    #[test]
    #[ignore = "started by another test"]
    fn finds_its_test(port: Port) {
        assert_eq!(current().port().number(), port.number());
    }

    struct Local;

    impl Resource for Local {
        type Handle = u32;

        fn provision(&mut self, _: &Current) -> Result<u32, BoxError> {
            Ok(1)
        }
    }

    #[isolated(local = Local)]
    #[apply(runs_in_a_thread)]
    #[test]
    #[ignore = "started by another test"]
    fn cannot_have_its_handle(local: &u32) {
        assert_eq!(*local, 1);
    }

    #[isolated]
    #[apply(runs_twice_in_a_thread)]
    #[test]
    #[ignore = "started by another test"]
    fn cannot_know_which() {}

    /// Both cases run at once, each in a thread that could belong to either.
    #[isolated(port, local = Local)]
    #[rstest]
    #[case::one()]
    #[case::other()]
    #[timeout(std::time::Duration::from_secs(60))]
    #[ignore = "started by another test"]
    fn is_moved_by_a_timeout(port: u16, local: &u32) {
        static BOTH: std::sync::Barrier = std::sync::Barrier::new(2);

        BOTH.wait();
        assert_eq!((current().port().number(), *local), (port, 1));
        BOTH.wait();
    }

    struct Table(u32);

    impl Resource for Table {
        type Handle = u32;

        fn provision(&mut self, _: &Current) -> Result<u32, BoxError> {
            Ok(self.0)
        }
    }

    #[isolated(table = Table(rows))]
    #[rstest]
    #[case(3)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn uses_its_case(#[case] rows: u32, table: u32) {
        assert_eq!(table, rows);
    }
}

fn run(test: &str) -> Finished {
    State::new().inner(test).run()
}

fn warning(test: &str, why: &str) -> String {
    format!(
        "isolated-test: attributes::around_fallback::inner::{test}: isolated inside its test attribute, \
         because {why}: locks and resources are released before that attribute has ended; write `process` \
         if tasks of the test must not outlive them\n"
    )
}

const NOT_COPIED: &str = "it does not copy the attributes below it";

#[test]
fn a_test_whose_attribute_drops_others_is_isolated_inside_it_and_says_so() {
    for test in ["stands_alone", "stands_alone_and_awaits"] {
        assert_eq!(run(test).passed().errors, warning(test, NOT_COPIED));
    }
}

#[test]
fn such_a_test_fails_like_any_other() {
    let run = run("fails_alone").failed();
    assert!(run.errors.starts_with(&warning("fails_alone", NOT_COPIED)));
    assert!(run.errors.contains(" (kept)\n"), "{}", run.errors);
}

#[cfg(any(target_os = "linux", windows))]
#[test]
fn such_a_test_can_have_a_process() {
    let run = run("stands_alone_in_a_process").passed();
    assert!(run.said("process").is_some());
}

#[cfg(any(target_os = "linux", windows))]
#[test]
fn the_value_of_such_a_process_cannot_be_passed_on() {
    let run = run("returns_a_value_from_a_process").failed();
    let message = "the value of the test is in its subprocess, because its test attribute does not copy the \
                   attributes below it; return nothing from the function";
    assert!(run.errors.contains(message), "{}", run.errors);
}

#[test]
fn a_body_in_another_thread_finds_its_test() {
    assert_eq!(run("finds_its_test").passed().errors, "");
}

#[test]
fn a_handle_of_a_custom_resource_does_not_reach_another_thread() {
    let run = run("cannot_have_its_handle").failed();
    let message = "cannot_have_its_handle runs its body in another thread, which handles of custom resources \
                   cannot reach; remove what moves it there";
    assert!(run.errors.contains(message), "{}", run.errors);
}

#[test]
fn a_body_in_another_thread_that_may_belong_to_two_tests_fails() {
    let run = State::new().inner("cannot_know_which").all(2).run();
    assert!(!run.status.success());
    let message =
        "cannot_know_which runs its body in another thread, and 2 of its cases run at once";
    assert!(run.output.contains(message), "{run:?}");
}

#[test]
fn a_timeout_of_rstest_takes_the_test_along_to_its_thread() {
    let run = State::new().inner("is_moved_by_a_timeout").all(2).run();
    for case in ["case_1_one", "case_2_other"] {
        let passed = format!("test around_fallback::inner::is_moved_by_a_timeout::{case} ... ok\n");
        assert!(run.output.contains(&passed), "{run:?}");
    }
}

#[test]
fn an_expression_that_uses_a_case_has_the_test_isolated_inside_its_attribute() {
    let test = "uses_its_case::case_1";
    let why = "an expression uses a parameter that this attribute fills";
    assert_eq!(run(test).passed().errors, warning(test, why));
}
