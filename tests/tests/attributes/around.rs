//! Locks and resources surround everything that a test attribute generates.

#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a case"
)]

use isolated_test_tests::{Finished, State};

mod inner {
    use googletest::prelude::{eq, expect_that, gtest};
    use isolated_test::{BoxError, Current, Outcome, Resource, isolated, try_current};
    use isolated_test_tests::afterwards::{Afterwards, KEY};
    use isolated_test_tests::say;
    use rstest::{fixture, rstest};
    use test_case::test_case;

    include!("around/leaves.rs");

    #[isolated(serial = KEY, tmpdir)]
    #[gtest]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn leaves_a_task_under_googletest() {
        tokio::spawn(Afterwards::new().stay());
        tokio::task::yield_now().await;
    }

    #[isolated(serial = KEY, tmpdir)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn leaves_a_task_and_panics() {
        tokio::spawn(Afterwards::new().stay());
        tokio::task::yield_now().await;
        panic!("on purpose");
    }

    #[fixture]
    fn server() -> String {
        let place = match try_current() {
            Some(current) => format!("{} {}", current.tmpdir().is_dir(), current.port()),
            None => "no test".to_owned(),
        };
        say(&format!("fixture {place} {}", std::process::id()));
        place
    }

    #[isolated(tmpdir, port)]
    #[rstest]
    #[ignore = "started by another test"]
    fn has_a_fixture(server: String, port: u16) {
        assert_eq!(server, format!("true {port}"));
    }

    #[isolated(tmpdir, port, process)]
    #[rstest]
    #[case(1)]
    #[ignore = "started by another test"]
    fn has_a_fixture_in_its_process(server: String, port: u16, #[case] number: u32) {
        assert_eq!((server, number), (format!("true {port}"), 1));
        say(&format!("body {}", std::process::id()));
    }

    #[isolated(tmpdir, port, process)]
    #[rstest]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn has_a_fixture_in_its_process_and_awaits(server: String, port: u16) {
        tokio::task::yield_now().await;
        assert_eq!(server, format!("true {port}"));
        say(&format!("body {}", std::process::id()));
    }

    /// A resource that needs its own runtime, as blocking clients do.
    struct Client;

    impl Resource for Client {
        type Handle = u32;

        fn provision(&mut self, _: &Current) -> Result<u32, BoxError> {
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            Ok(runtime.block_on(async { 42 }))
        }

        fn release(&mut self, _: Outcome) -> Result<(), BoxError> {
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            runtime.block_on(async {});
            Ok(())
        }
    }

    #[isolated(client = Client)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn has_a_blocking_client(client: &u32) {
        assert_eq!(*client, 42);
    }

    #[isolated(tmpdir)]
    #[gtest]
    #[ignore = "started by another test"]
    fn expects_in_vain() {
        expect_that!(1, eq(2));
    }

    #[isolated(tmpdir, process)]
    #[gtest]
    #[ignore = "started by another test"]
    fn expects_in_vain_in_its_process() {
        expect_that!(1, eq(2));
    }

    #[isolated(tmpdir)]
    #[test_case(1 => 2; "wrongly")]
    #[ignore = "started by another test"]
    fn is_judged(number: u32) -> u32 {
        number
    }

    #[isolated(tmpdir)]
    #[test_case(1 => panics "on purpose"; "rightly")]
    #[test_case(2 => panics; "anyhow")]
    #[ignore = "started by another test"]
    fn panics_in_a_case(number: u32) -> u32 {
        assert_eq!(number, 0, "on purpose");
        number
    }

    #[isolated(process)]
    #[test_case(1 => panics; "never began")]
    #[ignore = "started by another test"]
    fn aborts_in_a_case(_number: u32) -> u32 {
        std::process::abort()
    }

    #[isolated(process)]
    #[test_case(2 => 4; "squared")]
    #[test_case(3 => 8; "not squared")]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn is_judged_and_awaits(number: u32) -> u32 {
        tokio::task::yield_now().await;
        number * number
    }

    /// The code that an attribute with a time limit generates, but without its failure.
    macro_rules! given_up {
        ($(#[$attribute:meta])* async fn $name:ident() $body:block) => {
            $(#[$attribute])*
            fn $name() {
                let mut body = Box::pin(async $body);
                let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                assert!(body.as_mut().poll(&mut context).is_pending());
            }
        };
    }

    #[isolated(tmpdir)]
    #[macro_rules_attribute::apply(given_up)]
    #[test]
    #[ignore = "started by another test"]
    async fn is_given_up() {
        std::future::pending::<()>().await;
    }

    /// The code of an attribute that expects a panic and does not pass it on.
    macro_rules! caught {
        ($(#[$attribute:meta])* $(async)? fn $name:ident() $body:block) => {
            $(#[$attribute])*
            fn $name() {
                let mut body = Box::pin(async { $body });
                let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                let poll = || body.as_mut().poll(&mut context);
                let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(poll));
                assert!(caught.is_err());
            }
        };
    }

    #[isolated(tmpdir)]
    #[macro_rules_attribute::apply(caught)]
    #[test]
    #[ignore = "started by another test"]
    fn panics_and_is_caught() {
        panic!("on purpose");
    }

    #[isolated(tmpdir)]
    #[macro_rules_attribute::apply(caught)]
    #[test]
    #[ignore = "started by another test"]
    async fn panics_while_it_is_polled_and_is_caught() {
        panic!("on purpose");
    }
}

fn run(test: &str) -> Finished {
    State::new().inner(test).run()
}

#[test]
fn they_outlive_the_runtime_and_its_tasks() {
    let others = [
        "leaves_a_task_under_test_case::test_case_1_only",
        "leaves_a_task_under_googletest",
    ];
    for test in inner::LEAVE_TASKS.into_iter().chain(others) {
        let run = run(test).passed();
        let said = run.said("afterwards");
        assert_eq!(said, Some("lock held, directory there"), "{test}");
    }
}

#[test]
fn they_outlive_the_runtime_of_a_test_that_panics() {
    let run = run("leaves_a_task_and_panics").failed();
    assert_eq!(run.said("afterwards"), Some("lock held, directory there"));
}

#[test]
fn fixtures_see_the_test() {
    let run = run("has_a_fixture").passed();
    assert!(
        run.said("fixture")
            .is_some_and(|said| said.starts_with("true "))
    );
}

#[cfg(any(target_os = "linux", windows))]
#[test]
fn fixtures_run_once_in_the_process_of_the_test() {
    for test in [
        "has_a_fixture_in_its_process::case_1",
        "has_a_fixture_in_its_process_and_awaits",
    ] {
        let run = run(test).passed();
        let process = |word| run.said(word).and_then(|said| said.split(' ').next_back());
        assert_eq!(process("fixture"), process("body"), "{test}");
        assert_eq!(run.output.matches("@fixture").count(), 1, "{test}");
    }
}

#[test]
fn a_resource_is_provisioned_outside_of_the_runtime() {
    run("has_a_blocking_client").passed();
}

#[test]
fn what_the_attribute_judges_counts() {
    for test in [
        "expects_in_vain",
        "expects_in_vain_in_its_process",
        "is_judged::test_case_1_wrongly",
    ] {
        let run = run(test).failed();
        assert!(run.errors.contains(" (kept)\n"), "{test}: {}", run.errors);
        assert!(!run.errors.contains("destructor"), "{test}: {}", run.errors);
    }
}

#[test]
fn a_panic_that_the_attribute_expects_is_no_failure() {
    for test in [
        "panics_in_a_case::test_case_1_rightly",
        "panics_in_a_case::test_case_2_anyhow",
        "panics_and_is_caught",
        "panics_while_it_is_polled_and_is_caught",
    ] {
        let run = run(test).passed();
        assert!(!run.errors.contains("failed\n"), "{test}: {}", run.errors);
    }
}

#[cfg(any(target_os = "linux", windows))]
#[test]
fn an_abort_is_not_the_panic_that_the_attribute_expects() {
    run("aborts_in_a_case::test_case_1_never_began").failed();
}

#[cfg(any(target_os = "linux", windows))]
#[test]
fn an_asynchronous_value_is_judged_in_a_process_too() {
    run("is_judged_and_awaits::test_case_1_squared").passed();
    run("is_judged_and_awaits::test_case_2_not_squared").failed();
}

#[test]
fn a_body_that_its_attribute_gives_up_fails_the_test() {
    let run = run("is_given_up").failed();
    assert!(
        run.errors
            .contains("the future of the test was dropped before it ended"),
        "{}",
        run.errors
    );
}
