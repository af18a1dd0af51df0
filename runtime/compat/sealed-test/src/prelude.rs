//! Everything that a test needs: `use sealed_test::prelude::*;`.

pub use crate::rusty_fork_test;
pub use fs_extra;
pub use isolated_compat::macros::sealed_test;
pub use tempfile;
