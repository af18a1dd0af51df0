//! A test that returns a `Result`, with rusty-fork.

use rusty_fork::rusty_fork_test;

rusty_fork_test! {
    #[test]
    fn result() -> Result<(), String> {
        Ok(())
    }
}
