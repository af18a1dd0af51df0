//! Systems on which no process runs in the memory of another: each is a copy.

use std::convert::Infallible;
use std::io;

/// A place in the memory of this process: there is none.
pub(super) type Place = Infallible;

/// Stacks for a supervisor and its child: there are none.
pub(super) enum Stacks {}

impl Stacks {
    /// Always `None`.
    #[expect(clippy::unnecessary_wraps, reason = "on Linux memory is needed")]
    pub(super) fn take() -> io::Result<Option<Self>> {
        Ok(None)
    }

    /// Never called, like the others, because no stacks exist.
    pub(super) fn give_back(self) {
        match self {}
    }

    pub(super) fn of_supervisor(&self) -> Place {
        match *self {}
    }

    pub(super) fn of_test(&self) -> Place {
        match *self {}
    }
}
