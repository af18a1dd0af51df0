#![doc = include_str!("../README.md")]

pub use peer::{
    ChildWrapper, Error, ExitStatusWrapper, Result, RustyForkId, fork, fork_test, rusty_fork_id,
    rusty_fork_test_name,
};

/// The items that generated code names.
#[doc(hidden)]
pub mod __private {
    pub use isolated_compat::*;
}

/// Runs each test in a process of its own, with a time limit if `#![rusty_fork(timeout_ms = ...)]`
/// stands before them.
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
///     fn my_test() {
/// #       assert!(std::env::var("RUSTY_FORK_OCCURS").is_ok());
///         assert_eq!(2, 1 + 1);
///     }
///
///     // more tests...
/// }
/// # fn main() { my_test(); }
/// ```
#[macro_export]
macro_rules! rusty_fork_test {
    // The expansion of `#[sealed_test]`, where this macro is in scope instead of that of its prelude.
    (@sealed_test $($tokens:tt)*) => {
        $crate::__private::macros::sealed! { [$crate] $($tokens)* }
    };
    ($($tests:tt)*) => {
        $crate::__private::macros::rusty_fork_tests! { [$crate] $($tests)* }
    };
}
