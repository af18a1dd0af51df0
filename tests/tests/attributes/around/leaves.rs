// Tests that leave tasks to the runtime of their test attribute. They are compiled here with
// current versions of the attributes, and in `tests/harnesses` with old ones.

/// The names of the tests below, except that of `test_case`, which depends on its version.
pub(crate) const LEAVE_TASKS: [&str; 5] = [
    "leaves_a_task_to_tokio",
    "leaves_a_task_to_threads_of_tokio",
    "leaves_a_task_under_test_log",
    "leaves_a_task_under_rstest::case_1_only",
    "leaves_a_task_to_actix",
];

#[isolated(serial = KEY, tmpdir)]
#[tokio::test]
#[ignore = "started by another test"]
async fn leaves_a_task_to_tokio() {
    tokio::spawn(Afterwards::new().stay());
    tokio::task::yield_now().await;
}

#[isolated(serial = KEY, tmpdir)]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by another test"]
async fn leaves_a_task_to_threads_of_tokio() {
    tokio::spawn(Afterwards::new().stay());
    tokio::task::yield_now().await;
}

#[isolated(serial = KEY, tmpdir)]
#[test_log::test(tokio::test)]
#[ignore = "started by another test"]
async fn leaves_a_task_under_test_log() {
    tokio::spawn(Afterwards::new().stay());
    tokio::task::yield_now().await;
}

#[isolated(serial = KEY, tmpdir)]
#[rstest]
#[case::only(1)]
#[tokio::test]
#[ignore = "started by another test"]
async fn leaves_a_task_under_rstest(#[case] number: u32) {
    assert_eq!(number, 1);
    tokio::spawn(Afterwards::new().stay());
    tokio::task::yield_now().await;
}

#[isolated(serial = KEY, tmpdir)]
#[test_case(1; "only")]
#[tokio::test]
#[ignore = "started by another test"]
async fn leaves_a_task_under_test_case(number: u32) {
    assert_eq!(number, 1);
    tokio::spawn(Afterwards::new().stay());
    tokio::task::yield_now().await;
}

#[isolated(serial = KEY, tmpdir)]
#[actix_rt::test]
#[ignore = "started by another test"]
async fn leaves_a_task_to_actix() {
    actix_rt::spawn(Afterwards::new().stay());
    tokio::task::yield_now().await;
}
