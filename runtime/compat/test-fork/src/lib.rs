#![doc = include_str!("../README.md")]

pub use isolated_compat::macros::{bench, fork, test};

/// What generated code names.
#[doc(hidden)]
pub mod __private {
    pub use isolated_compat::*;
}
