#![doc = include_str!("../README.md")]

#[doc(hidden)]
pub mod __private;
mod context;

pub use self::context::{AsyncTestContext, TestContext};
pub use isolated_compat::macros::test_context;
