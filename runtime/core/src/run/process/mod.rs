//! Tests in a subprocess.
//!
//! The parent acquires the locks, provisions the resources and runs the test binary again for this
//! one test. In that subprocess the same wrapper recognises its test, takes over handles of the
//! resources, runs the body and reports how it ended. Without that report no test passes.
//!
//! [`parent`] and [`child`] are the two sides, [`protocol`] defines their messages, and [`wire`]
//! turns these into bytes. A supervisor stands between them: see `os::supervisor`.

pub(crate) mod child;
mod ended;
pub(crate) mod mark;
mod memory;
pub(crate) mod network;
pub(crate) mod parent;
pub(crate) mod protocol;
pub(crate) mod surroundings;
mod terminal;
mod wire;

use crate::lock::plan::{Claim, ClaimedKey};

/// The locks that a test needs for its network.
pub(crate) fn turns(serial_network: bool) -> &'static [Claim] {
    if serial_network {
        &[Claim::Exclusive(ClaimedKey::Key(network::TURNS))]
    } else {
        &[]
    }
}
