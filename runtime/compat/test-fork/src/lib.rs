#![doc = include_str!("../README.md")]

pub use isolated_compat::macros::{bench, fork, test};

#[doc(hidden)]
pub use isolated_compat::__private;
