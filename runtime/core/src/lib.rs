//! The runtime of `isolated-test`, which re-exports all of it; depend on that crate instead.
//!
//! It is a separate crate so that Cargo builds it in parallel with the attribute. The request of a
//! test becomes a plan, the plan becomes guards, and the end of the body becomes a report.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod config;
mod error;
/// The types that parameters may have, as traits: implement one for a type of yours.
pub mod forms {
    pub use crate::resource::bind::{
        Both, FromItem, FromNamespace, FromPort, FromPorts, FromSeed, FromTmpDir, Tcp, Udp,
    };
}
mod host;
#[doc(hidden)]
pub mod inspect;
mod location;
mod lock;
mod mutex;
mod name;
mod os;
mod output;
mod random;
mod report;
mod resource;
mod run;
mod runner;
mod service;
mod state;
#[doc(hidden)]
pub mod statistics;
mod trace;

pub use crate::error::{BoxError, Error, ErrorKind};
pub use crate::host::Once;
pub use crate::lock::key::Key;
#[cfg(feature = "clock")]
pub use crate::resource::clock::Clock;
pub use crate::resource::context::TestHandle;
pub use crate::resource::current::Current;
pub use crate::resource::namespace::Namespace;
pub use crate::resource::port::Port;
pub use crate::resource::reclaim::Reclaim;
pub use crate::resource::tmpdir::TmpDir;
pub use crate::resource::{AsyncResource, Outcome, Resource, Skip, Transfer};
pub use crate::run::context::{EnterGuard, current, try_current};
pub use crate::run::guard::Guard;
pub use crate::run::values::PortBuilder;
pub use crate::service::{Ready, Running, Served, Service};

/// Users rely on which handles may be sent to another thread. These fail to compile otherwise.
#[cfg(test)]
mod tests {
    use super::{
        Current, EnterGuard, Error, ErrorKind, Guard, Key, Namespace, Outcome, Port, PortBuilder,
        Ready, Running, Skip, TestHandle, TmpDir, Transfer,
    };

    fn is_shared<T: Send + Sync>() {}

    /// Ambiguous for types that can be sent.
    trait StaysInItsThread<Reason> {
        fn stays() {}
    }

    impl<T> StaysInItsThread<()> for T {}
    impl<T: Send> StaysInItsThread<u8> for T {}

    #[test]
    fn handles_may_be_sent_and_the_context_of_a_thread_may_not() {
        is_shared::<Guard>();
        is_shared::<TestHandle>();
        is_shared::<(Key, Namespace, Port, PortBuilder, TmpDir)>();
        is_shared::<(Ready, Running)>();
        #[cfg(feature = "clock")]
        is_shared::<super::Clock>();
        is_shared::<(Error, ErrorKind, Outcome, Skip, Transfer<String>)>();
        <Current as StaysInItsThread<_>>::stays();
        <EnterGuard as StaysInItsThread<_>>::stays();
    }
}
