//! Tests in a process of their own.
//!
//! The parent takes the locks, provisions the resources and runs the test binary again for this one
//! test. There the same wrapper finds that it is in the process of the test, gets handles of the
//! resources, runs the body and says how it ended. Without that word no test passes.
//!
//! [`parent`] is the one side, [`child`] the other, and [`protocol`] what they say to each other. A
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
use crate::lock::plan::plan;
use crate::lock::plan::{Claim, ClaimedKey};
use crate::resource::custom::Custom;
use crate::run::attempts::Calls;
use crate::run::cx::Cx;
use crate::run::driver::{Ready, Test};
use crate::run::entry::{call_once, once, passed};
use crate::run::short;
use crate::run::spec::Spec;

/// A test with a process of its own. In the parent it has run already when this is there.
#[must_use = "the test has not run yet"]
pub struct Prepared<'a>(Ready<'a>);

/// Prepares a test that runs in a process of its own.
///
/// It is not generic, so that each test adds little code.
pub fn prepare<'a>(
    spec: &'static Spec,
    own: &mut [Custom<'a>],
    surround: &mut dyn FnMut(&Cx, &mut Surroundings),
) -> Prepared<'a> {
    Prepared(Test::find(spec, own, Some(surround), Calls::Once).prepare())
}

impl Prepared<'_> {
    /// Runs the test, whose body judges itself.
    pub fn run_plain(self, body: &mut dyn FnMut(&Cx) -> bool) {
        self.0.run(body);
    }

    /// Runs the test, which is a function without parameters.
    pub fn run_function<R: Termination>(self, body: fn() -> R) {
        self.run_plain(&mut |_| passed(short::__rust_begin_short_backtrace_of_function(body)));
    }

    /// Runs the test, whose body can be called only once.
    pub fn run<R: Termination>(self, body: impl FnOnce(&Cx) -> R) {
        let mut body = Some(body);
        self.0.run(&mut |cx| call_once(&mut body, cx));
    }

    /// Runs an asynchronous test.
    pub async fn run_async<R: Termination>(self, body: impl AsyncFnOnce(&Cx) -> R) {
        self.0.run_async(once(body)).await;
    }
}

/// Returns the locks that a test needs because of its network.
pub(crate) fn turns(network: &Network) -> &'static [Claim] {
    match network {
        Network::Serial => &[Claim::Exclusive(ClaimedKey::Key(network::TURNS))],
        Network::Common | Network::Custom(_) => &[],
    }
}

/// Returns the locks that the parent holds.
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
