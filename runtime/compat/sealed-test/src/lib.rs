#![doc = include_str!("../README.md")]

pub mod prelude;

/// Runs tests in processes of their own, with a time limit if `#![rusty_fork(timeout_ms = ...)]`
/// stands before them.
///
/// `#[sealed_test]` expands to it, so it has to be in scope, as the prelude sees to.
#[doc(inline)]
pub use isolated_compat::rusty_fork_test;
