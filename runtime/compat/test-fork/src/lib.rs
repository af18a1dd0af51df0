#![doc = include_str!("../README.md")]

pub use isolated_compat::macros::{bench, fork, test};

/// The items that generated code names.
#[doc(hidden)]
pub mod __private {
    pub use isolated_compat::*;
}
