//! Everything one test asks for, as constant data.
//!
//! The attribute writes a [`Spec`] into the test binary and the runtime reads it; both sides share
//! nothing else. [`plan`](crate::lock::plan) gives the locks in it their meaning.

use std::sync::Arc;
use std::time::Duration;

use crate::location::SourceLocation;
use crate::lock::owner::Owner;
use crate::lock::plan::Claim;
use crate::lock::{Items, Mode, Want};
use crate::name::Name;
use crate::resource::context::TestHandle;
use crate::resource::current::Current;
use crate::resource::reclaim::Recorder;
use crate::resource::request::Request;
use crate::state::mark::Mark;

pub use crate::resource::should_panic::ShouldPanic;

/// Everything that one annotated test asks for.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// The source location of the test.
    pub place: SourceLocation,
    /// The name of the function as written, without `r#`.
    pub function: &'static str,
    /// Whether the test expects its body to panic.
    pub should_panic: ShouldPanic,
    /// The resources, in the order in which they are provisioned.
    pub resources: &'static [Request],
    /// The locks as written: unordered, possibly repeated.
    pub locks: &'static [Claim],
    /// The options of the test's subprocess, if it has one.
    pub process: Option<Subprocess>,
    /// Whether another attribute calls the function many times for one test.
    pub is_called_often: bool,
}

impl Spec {
    /// Whether a running test belongs to the annotated function. `should_panic` is not compared,
    /// because each generated case has its own.
    pub(crate) fn is_of(&self, test: &TestHandle) -> bool {
        let (place, function) = test.function();
        self.function == function
            && self.place.line == place.line
            && self.place.module == place.module
    }

    /// Whether a lock of the test may be lost while it runs.
    pub(crate) fn is_across_machines(&self) -> bool {
        self.locks
            .iter()
            .any(|claim| claim.want().is_across_machines())
    }

    /// A pool, by its position among the locks.
    pub(crate) fn pool(&self, place: usize) -> (Want, Items) {
        let want = self.locks[place].want();
        match want.mode {
            Mode::Pool(items) => (want, items),
            _ => unreachable!("the attribute writes the position of a pool"),
        }
    }

    /// Begins a test of the annotated function.
    pub(crate) fn begin(
        &'static self,
        name: Name,
        caller: Option<Arc<Owner>>,
        mark: Option<Mark>,
        recorder: Recorder,
        has_network: bool,
    ) -> Current {
        let owner = Owner::new(name.clone(), caller, mark);
        let function = (&self.place, self.function);
        Current::elsewhere(TestHandle::new(
            name,
            function,
            self.should_panic,
            self.resources,
            owner,
            recorder,
            has_network,
        ))
    }
}

/// The part of a subprocess's description that is known at compile time.
#[derive(Debug, Clone, Copy)]
pub struct Subprocess {
    /// `timeout = "..."`.
    pub timeout: Option<Duration>,
    /// `network`.
    pub network: Option<Refused>,
    /// `retries`: how often a failed test runs again; `ISOLATED_RETRIES` decides if unset.
    pub retries: Option<u32>,
    /// `quarantine`: why a failure does not count.
    pub quarantine: Option<&'static str>,
}

/// The reaction of a test that asks for its own network when the system refuses one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The test fails, and the message names a way to allow it.
    Fail,
    /// The test is skipped with a message, and passes.
    Skip,
    /// The test runs in the machine's network, with no other such test at the same time.
    Serial,
}
