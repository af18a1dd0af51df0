//! Locks kept for all machines, by a PostgreSQL server.
//!
//! [`server`] asks a package for them that knows the server. It is there only with the feature `machines`
//! and on Unix. Otherwise, and without the variable that names the server, every lock is refused: one of
//! this machine alone would promise what it cannot keep.

#[cfg(all(unix, feature = "machines"))]
mod server;

use super::activity::Activity;
use super::backend::{Backend, Held, Pause};
use super::{Holder, Want};
use crate::error::{Error, ErrorKind};

/// A holder or waiter of a key across machines, on any machine.
#[derive(Debug, Clone)]
pub struct Remote {
    /// The lock, as in messages. The number of a limit is not known.
    pub lock: String,
    /// Whether it waits for the lock.
    pub waits: bool,
    /// The name of the test or guard.
    pub name: String,
    /// The name of its machine.
    pub machine: String,
    /// Its process on that machine.
    pub process: u32,
    /// The package and the source location.
    pub place: String,
    /// When its session last changed what it holds or waits for, in milliseconds since the Unix epoch.
    pub since: u64,
}

/// Lists holders and waiters, if the variable names a server.
#[cfg(all(unix, feature = "machines"))]
pub(crate) fn all() -> Result<Option<Vec<Remote>>, Error> {
    server::all()
}

/// Lists nobody, because this build cannot ask.
#[cfg(not(all(unix, feature = "machines")))]
#[expect(clippy::unnecessary_wraps, reason = "others can fail")]
pub(crate) fn all() -> Result<Option<Vec<Remote>>, Error> {
    Ok(None)
}

/// The locks of all machines.
pub(super) struct Machines;

#[cfg(all(unix, feature = "machines"))]
impl Backend for Machines {
    fn acquire(&self, want: Want, me: &Activity, pause: Pause<'_>) -> Result<Held, Error> {
        server::acquire(want, me, pause)
    }

    fn try_acquire(&self, want: Want, me: &Activity) -> Result<Option<Held>, Error> {
        server::try_acquire(want, me)
    }

    fn holders(&self, want: Want, me: &Activity) -> Result<Vec<Holder>, Error> {
        Ok(server::holders(want, me))
    }
}

#[cfg(not(all(unix, feature = "machines")))]
impl Backend for Machines {
    fn acquire(&self, want: Want, _: &Activity, _: Pause<'_>) -> Result<Held, Error> {
        Err(left_out(want))
    }

    fn try_acquire(&self, want: Want, _: &Activity) -> Result<Option<Held>, Error> {
        Err(left_out(want))
    }

    fn holders(&self, want: Want, _: &Activity) -> Result<Vec<Holder>, Error> {
        Err(left_out(want))
    }
}

#[cfg(not(all(unix, feature = "machines")))]
fn left_out(want: Want) -> Error {
    let reason = if cfg!(unix) {
        "this build leaves out locks across machines; write `features = [\"machines\"]` for the dependency on \
         `isolated-test`"
    } else {
        "there are no locks across machines on this system; leave out the test here, with `cfg(unix)`"
    };
    refused(want, reason)
}

/// Refuses a lock across machines.
fn refused(want: Want, reason: &str) -> Error {
    Error::new(ErrorKind::Lock, format!("lock {want}, because {reason}"))
}

#[cfg(all(test, not(all(unix, feature = "machines"))))]
mod tests {
    use super::left_out;
    use crate::lock::key::Key;
    use crate::lock::{Mode, Subject, Want};

    #[test]
    fn a_build_without_them_says_what_to_write() {
        let want = Want {
            subject: Subject::Key(Key::across_machines("staging")),
            mode: Mode::Exclusive,
        };
        let way_out = if cfg!(unix) {
            "features = [\"machines\"]"
        } else {
            "cfg(unix)"
        };
        let refused = left_out(want).to_string();
        assert!(
            refused.starts_with("failed to lock serial \"staging\" across machines, because "),
            "{refused}"
        );
        assert!(refused.contains(way_out), "{refused}");
    }
}
