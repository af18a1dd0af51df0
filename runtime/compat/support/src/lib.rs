//! The code that the drop-in packages of `isolated-test` share. Depend on one of these packages instead.
//!
//! Each file implements one feature of an original crate that the runtime lacks. Only generated code
//! refers to these items.

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

/// The path for generated code, which cannot import `$crate` itself.
#[doc(hidden)]
pub mod __private {
    pub use crate::*;
}

/// `rusty_fork_test!`, which `rusty-fork` and `sealed_test` both export. The expansion of `#[sealed_test]`
/// needs it in scope, from either package.
#[macro_export]
macro_rules! rusty_fork_test {
    (@sealed_test $($tokens:tt)*) => {
        $crate::macros::sealed! { [$crate] $($tokens)* }
    };
    ($($tests:tt)*) => {
        $crate::macros::rusty_fork_tests! { [$crate] $($tests)* }
    };
}
