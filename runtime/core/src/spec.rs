//! What one test asks for, as constant data.
//!
//! The attribute writes a [`Spec`] into the test binary and the runtime reads it; it is the only
//! thing that both sides share. [`plan`](crate::lock::plan) decides what a specification means; here is only
//! where the paths in it lead.

use std::time::Duration;

use crate::config::Keep;
use crate::location::SourceLocation;
use crate::lock::plan::Claim;

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
    pub process: Option<Process>,
    /// Whether another attribute calls the function many times for one test.
    pub is_called_often: bool,
}

impl Spec {
    /// Whether both belong to the same annotated function. Their expectations of a panic may differ:
    /// each generated case has its own.
    pub(crate) fn is_same_test(&self, other: &Spec) -> bool {
        self.function == other.function
            && self.place.line == other.place.line
            && self.place.module == other.place.module
    }
}

/// A process of the test's own, as far as it is known at compile time.
#[derive(Debug, Clone, Copy)]
pub struct Process {
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

/// One resource by its name.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// The name that parameters are bound to.
    pub name: &'static str,
    /// What is asked for.
    pub kind: Kind,
}

/// The kinds of resource that the attribute knows.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `port`.
    Port(Protocol, usize),
    /// `tmpdir`.
    TmpDir {
        /// The tree that is copied in, relative to the root of the package.
        from: Option<&'static str>,
        /// When the directory is kept; unset means [`Keep::Failure`].
        keep: Option<Keep>,
    },
    /// `namespace`.
    Namespace,
    /// `seed`.
    Seed,
    /// A value of a type that implements [`Resource`](crate::Resource).
    Own {
        /// Whether the parameter takes the handle by value.
        by_value: bool,
    },
}

/// The protocols for which a port is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// TCP and UDP on one number.
    Both,
}
