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
pub(crate) mod loss;
pub(crate) mod mark;
mod memory;
pub(crate) mod network;
pub(crate) mod parent;
#[cfg(any(unix, feature = "clock"))]
pub(crate) mod preload;
pub(crate) mod protocol;
pub(crate) mod surroundings;
mod terminal;
mod wire;

use crate::error::Error;
use crate::lock::plan::plan;
use crate::lock::{Mode, Subject, Want};
use crate::resource::request::Kind;
use crate::run::spec::Spec;

/// The locks of a test: those that it names, its turn in the machine's network, and the port
/// numbers that it insists on there.
pub(crate) fn wants(
    spec: &Spec,
    own_network: bool,
    serial_network: bool,
) -> Result<Vec<Want>, Error> {
    let exclusive = |subject| Want {
        subject,
        mode: Mode::Exclusive,
    };
    let mut further = Vec::new();
    if serial_network {
        further.push(exclusive(Subject::Key(network::TURNS)));
    }
    for request in spec.resources {
        if let (Kind::FixedPort(_, number), false) = (request.kind, own_network) {
            further.push(exclusive(Subject::Port(number)));
        }
    }
    plan(spec.locks, &further)
}
