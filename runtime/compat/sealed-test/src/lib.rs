#![doc = include_str!("../README.md")]

pub mod prelude;

/// The items that generated code names.
#[doc(hidden)]
pub mod __private {
    pub use isolated_compat::*;
}

/// Runs tests in processes of their own, with a time limit if `#![rusty_fork(timeout_ms = ...)]`
/// stands before them.
///
/// `#[sealed_test]` expands to it, so it has to be in scope, as the prelude sees to.
#[macro_export]
macro_rules! rusty_fork_test {
    (@sealed_test $($tokens:tt)*) => {
        $crate::__private::macros::sealed! { [$crate] $($tokens)* }
    };
    ($($tokens:tt)*) => {
        $crate::__private::macros::rusty_fork_tests! { [$crate] $($tokens)* }
    };
}
