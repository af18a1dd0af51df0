//! Locks and resources stand around what these test attributes generate, too.

use isolated_test_tests::State;

mod inner {
    use isolated_test::{current, isolated};
    use isolated_test_tests::afterwards::{Afterwards, KEY};
    use isolated_test_tests::say;
    use rstest::{fixture, rstest};
    use test_case::test_case;

    #[isolated(serial = KEY, tmpdir)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn under_tokio() {
        tokio::spawn(Afterwards::new().stay());
        tokio::task::yield_now().await;
    }

    #[isolated(serial = KEY, tmpdir)]
    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "started by another test"]
    async fn under_tokio_with_threads() {
        tokio::spawn(Afterwards::new().stay());
        tokio::task::yield_now().await;
    }

    #[isolated(serial = KEY, tmpdir)]
    #[rstest]
    #[case::only(1)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn under_rstest(#[case] number: u32) {
        assert_eq!(number, 1);
        tokio::spawn(Afterwards::new().stay());
        tokio::task::yield_now().await;
    }

    #[isolated(serial = KEY, tmpdir)]
    #[test_case(1; "only")]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn under_test_case(number: u32) {
        assert_eq!(number, 1);
        tokio::spawn(Afterwards::new().stay());
        tokio::task::yield_now().await;
    }

    #[isolated(serial = KEY, tmpdir)]
    #[test_log::test(tokio::test)]
    #[ignore = "started by another test"]
    async fn under_test_log() {
        tokio::spawn(Afterwards::new().stay());
        tokio::task::yield_now().await;
    }

    #[isolated(serial = KEY, tmpdir)]
    #[actix_rt::test]
    #[ignore = "started by another test"]
    async fn under_actix() {
        actix_rt::spawn(Afterwards::new().stay());
        tokio::task::yield_now().await;
    }

    #[isolated(serial = KEY, tmpdir)]
    #[sqlx::test]
    #[ignore = "started by another test"]
    async fn under_sqlx() {
        tokio::spawn(Afterwards::new().stay());
        tokio::task::yield_now().await;
    }

    /// Its runtime is never dropped: tasks outlive every test unless it has a process.
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
    for test in [
        "under_tokio",
        "under_tokio_with_threads",
        "under_rstest::case_1_only",
        "under_test_case::only",
        "under_test_log",
        "under_actix",
        "under_sqlx",
        "under_async_std",
    ] {
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
