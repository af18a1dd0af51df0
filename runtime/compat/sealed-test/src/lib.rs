#![doc = include_str!("../README.md")]

pub mod prelude;

/// Runs each test in a subprocess, with a time limit if the block starts with
/// `#![rusty_fork(timeout_ms = ...)]`.
///
/// `#[sealed_test]` expands to it, so it must be in scope. The prelude imports it.
#[doc(inline)]
pub use isolated_compat::rusty_fork_test;
