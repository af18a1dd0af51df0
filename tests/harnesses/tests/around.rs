//! Locks and resources also surround everything that these test attributes generate.

use isolated_test_tests::State;

mod inner {
    use isolated_test::{current, isolated};
    use isolated_test_tests::afterwards::{Afterwards, KEY};
    use isolated_test_tests::say;
    use rstest::{fixture, rstest};
    use test_case::test_case;

    include!("../../tests/attributes/around/leaves.rs");

    #[isolated(serial = KEY, tmpdir)]
    #[sqlx::test]
    #[ignore = "started by another test"]
    async fn under_sqlx() {
        tokio::spawn(Afterwards::new().stay());
        tokio::task::yield_now().await;
    }

    /// Its runtime is never dropped: tasks outlive every test that has no subprocess.
    #[isolated(serial = KEY, tmpdir)]
    #[async_std::test]
    #[ignore = "started by another test"]
    async fn under_async_std() {
        let _afterwards = Afterwards::new();
        async_std::task::yield_now().await;
        assert!(current().tmpdir().is_dir());
    }

    #[fixture]
    fn port() -> u16 {
        say(&format!("fixture {}", std::process::id()));
        current().port().number()
    }

    #[isolated(server = port, process)]
    #[rstest]
    #[ignore = "started by another test"]
    fn fixture_of_rstest(port: u16, server: u16) {
        assert_eq!(port, server);
        say(&format!("body {}", std::process::id()));
    }
}

#[test]
fn they_outlive_the_runtime_and_its_tasks() {
    let others = [
        "leaves_a_task_under_test_case::only",
        "under_sqlx",
        "under_async_std",
    ];
    for test in inner::LEAVE_TASKS.into_iter().chain(others) {
        let run = State::new().inner(test).run().passed();
        let said = run.said("afterwards");
        assert_eq!(said, Some("lock held, directory there"), "{test}");
    }
}

#[test]
fn fixtures_see_the_test_and_run_once_in_its_process() {
    let run = State::new().inner("fixture_of_rstest").run().passed();
    assert_eq!(run.said("fixture"), run.said("body"));
    assert_eq!(run.output.matches("@fixture").count(), 1);
}
