//! The runtime of `isolated-test`, which re-exports all of it; depend on that crate instead.
//!
//! It is a separate crate so that Cargo builds it in parallel with the attribute. The request of a
//! test becomes a plan, the plan becomes guards, and the end of the body becomes a report.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod config;
mod error;
mod location;
mod lock;
mod name;
mod os;
mod output;
mod random;
mod report;
mod resource;
mod run;
mod runner;
mod state;
mod statistics;
mod trace;

pub use crate::error::{BoxError, Error, ErrorKind};
pub use crate::lock::key::Key;
pub use crate::resource::context::{Current, Handle};
pub use crate::resource::namespace::Namespace;
pub use crate::resource::port::Port;
pub use crate::resource::tmpdir::TmpDir;
pub use crate::resource::{Outcome, Resource, Transfer};
pub use crate::run::context::{EnterGuard, current, try_current};
pub use crate::run::guard::Guard;
