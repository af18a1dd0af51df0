//! What one test asks for, as constant data.
//!
//! The attribute writes a [`Spec`] into the test binary and the runtime reads it; it is the only
//! thing that both sides share. [`plan`](crate::lock::plan) decides what a specification means; here is only
//! where the paths in it lead.

use std::sync::Arc;
use std::time::Duration;

use crate::location::SourceLocation;
use crate::lock::owner::Owner;
use crate::lock::plan::Claim;
use crate::name::Name;
use crate::resource::context::{Current, Handle};
use crate::resource::request::Request;
use crate::state::mark::Mark;

/// Everything that one annotated test asked for.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Where the test stands.
    pub place: SourceLocation,
    /// The name of the function as written, without `r#`.
    pub function: &'static str,
    /// Whether a panic of the body is what the test expects.
    pub should_panic: ShouldPanic,
    /// The resources, in the order in which they are provisioned.
    pub resources: &'static [Request],
    /// The locks, as written: unordered and perhaps repeated.
    pub locks: &'static [Claim],
    /// What the process of the test's own is like, if it has one.
    pub process: Option<Subprocess>,
    /// Whether another attribute calls the function many times for one test.
    pub is_called_often: bool,
}

impl Spec {
    /// Whether a running test is one of the annotated function. Their expectations of a panic may
    /// differ: each generated case has its own.
    pub(crate) fn is_of(&self, test: &Handle) -> bool {
        let (place, function) = test.function();
        self.function == function
            && self.place.line == place.line
            && self.place.module == place.module
    }

    /// Begins a test of the annotated function.
    pub(crate) fn begin(
        &'static self,
        name: Name,
        caller: Option<Arc<Owner>>,
        mark: Option<Mark>,
    ) -> Current {
        let owner = Owner::new(name.clone(), caller, mark);
        let function = (&self.place, self.function);
        Current::elsewhere(Handle::new(name, function, self.resources, owner))
    }
}

/// A process of the test's own, as far as it is known at compile time.
#[derive(Debug, Clone, Copy)]
pub struct Subprocess {
    /// `timeout = "..."`.
    pub timeout: Option<Duration>,
    /// `network`.
    pub network: Option<Refused>,
    /// `retries`: how often a failed test is run again; unset means as `ISOLATED_RETRIES` says.
    pub retries: Option<u32>,
    /// `quarantine`: why a failure does not count.
    pub quarantine: Option<&'static str>,
}

/// What a test does that asks for a network of its own where the system refuses one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It fails and says how to allow it.
    Fail,
    /// It says that it is skipped, and passes.
    Skip,
    /// It runs in the network of the machine, while no other test does that.
    Serial,
}

/// What `#[should_panic]` says about a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShouldPanic {
    /// There is no such attribute: a panic is a failure.
    No,
    /// Any panic is a success.
    Yes,
    /// A panic whose message contains this text is a success.
    With(&'static str),
}
