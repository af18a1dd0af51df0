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
