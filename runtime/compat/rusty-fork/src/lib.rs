#![doc = include_str!("../README.md")]

pub use peer::{
    ChildWrapper, Error, ExitStatusWrapper, Result, RustyForkId, fork, fork_test, rusty_fork_id,
    rusty_fork_test_name,
};

/// Runs each test in a subprocess, with a time limit if the block starts with
/// `#![rusty_fork(timeout_ms = ...)]`.
///
/// ```
/// use rusty_fork::rusty_fork_test;
///
/// rusty_fork_test! {
///     #![rusty_fork(timeout_ms = 1000)]
///
/// # /*
///     #[test]
/// # */
///     fn leaves_the_directory() {
/// #       assert!(std::env::var("RUSTY_FORK_OCCURS").is_ok());
///         std::env::set_current_dir("/").unwrap(); // Other tests do not notice.
///     }
/// }
/// # fn main() { leaves_the_directory(); }
/// ```
#[doc(inline)]
pub use isolated_compat::rusty_fork_test;
