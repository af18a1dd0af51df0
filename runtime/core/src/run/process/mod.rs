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

use std::process::Termination;

use self::network::Network;
use self::surroundings::Surroundings;
use crate::error::Error;
use crate::lock::Want;
use crate::lock::plan::{Claim, ClaimedKey, plan};
use crate::resource::custom::Custom;
use crate::run::attempts::Calls;
use crate::run::cx::Cx;
use crate::run::driver::{Ready, Test};
use crate::run::entry::{call_once, once, passed};
use crate::run::short;
use crate::run::spec::Spec;

/// A test with a subprocess, up to the call of its body. In the parent it has already run when this
/// exists, unless it runs in place.
#[must_use = "the test has not run yet"]
pub struct Prepared<'a>(Ready<'a>);

/// Prepares a test that runs in a subprocess.
///
/// Not generic, so each test adds little code.
pub fn prepare<'a>(
    spec: &'static Spec,
    own: &mut [Custom<'a>],
    surround: &mut dyn FnMut(&Cx, &mut Surroundings),
) -> Prepared<'a> {
    Prepared(Test::find(spec, own, Some(surround), Calls::Once).prepare())
}

impl Prepared<'_> {
    /// Runs a test whose body returns whether it passed.
    pub fn run_plain(self, body: &mut dyn FnMut(&Cx) -> bool) {
        self.0.run(body);
    }

    /// Runs a test function without parameters.
    pub fn run_function<R: Termination>(self, body: fn() -> R) {
        self.run_plain(&mut |_| passed(short::__rust_begin_short_backtrace_of_function(body)));
    }

    /// Runs a test whose body can be called only once.
    pub fn run<R: Termination>(self, body: impl FnOnce(&Cx) -> R) {
        let mut body = Some(body);
        self.0.run(&mut |cx| call_once(&mut body, cx));
    }

    /// Runs an asynchronous test.
    pub async fn run_async<R: Termination>(self, body: impl AsyncFnOnce(&Cx) -> R) {
        self.0.run_async(once(body)).await;
    }
}

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

impl std::fmt::Debug for Prepared<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Prepared")
    }
}
