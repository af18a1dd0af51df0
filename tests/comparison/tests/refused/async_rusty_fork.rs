//! An asynchronous test, with rusty-fork.

use rusty_fork::rusty_fork_test;

rusty_fork_test! {
    #[tokio::test]
    async fn asynchronous() {}
}
