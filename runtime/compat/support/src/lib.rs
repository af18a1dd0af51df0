//! The code that the drop-in packages of `isolated-test` share. Depend on one of these packages instead.
//!
//! Each file does one thing that a peer does and the runtime has no word for. Only the code that
//! the macros generate names these items.

mod death;
mod files;
mod finally;
mod limit;
mod occurs;
mod status;

pub use death::{Begun, Witness, expect_death, expect_panic};
pub use files::Files;
pub use finally::Finally;
pub use isolated_compat_macros as macros;
pub use isolated_test;
pub use limit::limit;
pub use occurs::occurs;
pub use status::TestExitStatus;

/// The path that generated code names, because it cannot import `$crate` itself.
#[doc(hidden)]
pub mod __private {
    pub use crate::*;
}

/// `rusty_fork_test!`, which both peers export. The expansion of `#[sealed_test]` finds it in scope,
/// whichever package it is from.
#[macro_export]
macro_rules! rusty_fork_test {
    (@sealed_test $($tokens:tt)*) => {
        $crate::macros::sealed! { [$crate] $($tokens)* }
    };
    ($($tests:tt)*) => {
        $crate::macros::rusty_fork_tests! { [$crate] $($tests)* }
    };
}
