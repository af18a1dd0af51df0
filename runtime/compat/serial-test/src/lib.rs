#![doc = include_str!("../README.md")]

mod claim;
mod file;
mod held;
mod hold;
mod queries;

pub use crate::queries::{is_locked_file_serially, is_locked_serially};
#[doc(inline)]
pub use isolated_serial_test_macros::{file_parallel, file_serial, parallel, serial};

/// The items that generated code refers to.
#[doc(hidden)]
pub mod __private {
    pub use crate::claim::Claim;
    pub use crate::hold::{Across, Here, across, here, try_across, try_here};
}
