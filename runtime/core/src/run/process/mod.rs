//! Tests in a subprocess.
//!
//! The parent acquires the locks, provisions the resources and runs the test binary again for this
//! one test. In that subprocess the same wrapper recognises its test, takes over handles of the
//! resources, runs the body and reports how it ended. Without that report no test passes.
//!
//! [`parent`] and [`child`] are the two sides, and [`protocol`] defines their messages. A
//! supervisor stands between them: see `os::supervisor`.

pub(crate) mod child;
mod ended;
pub(crate) mod mark;
mod memory;
pub(crate) mod network;
pub(crate) mod parent;
pub(crate) mod protocol;
pub(crate) mod surroundings;
mod terminal;

use self::network::Network;
use crate::error::Error;
use crate::lock::Want;
use crate::lock::plan::{Claim, ClaimedKey, plan};
use crate::run::spec::Spec;

/// The locks that a test needs for its network.
pub(crate) fn turns(network: &Network) -> &'static [Claim] {
    match network {
        Network::Serial => &[Claim::Exclusive(ClaimedKey::Key(network::TURNS))],
        Network::Common | Network::Custom(_) => &[],
    }
}

/// The locks that the parent holds for a test.
fn wants(spec: &Spec, serial_network: bool) -> Result<Vec<Want>, Error> {
    let network = if serial_network {
        Network::Serial
    } else {
        Network::Common
    };
    plan(spec.locks, turns(&network))
}
