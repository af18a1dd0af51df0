//! An asynchronous test, with test-fork.

#[tokio::test]
#[test_fork::fork]
async fn asynchronous() {}
