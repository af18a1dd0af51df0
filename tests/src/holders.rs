//! Inner tests that hold a lock until they are told to release it, and outer tests that see who
//! holds it.

use crate::{Running, State, listen, say};

/// Announces from an inner test that its locks are held, and keeps them until the outer test says
/// `release`.
///
/// # Panics
///
/// Panics if the outer test says something else.
pub fn hold() {
    say("held");
    listen("release");
}

impl State {
    /// Starts an inner test and waits until it holds its locks.
    ///
    /// # Panics
    ///
    /// Panics if it ends before that.
    #[must_use]
    #[track_caller]
    pub fn holding(&self, test: &str) -> Running {
        let mut running = self.inner(test).start();
        running.hear("held");
        running
    }

    /// Starts an inner test and waits until it reports that it waits.
    ///
    /// # Panics
    ///
    /// Panics if it ends before that.
    #[must_use]
    #[track_caller]
    pub fn waiting(&self, test: &str) -> Running {
        let mut running = self.inner(test).start();
        running.hear_error("waiting for");
        running
    }
}

impl Running {
    /// Makes an inner test release its locks, and expects it to pass.
    ///
    /// # Panics
    ///
    /// Panics if it does not.
    #[track_caller]
    pub fn release(mut self) {
        self.tell("release");
        let _ = self.finish().passed();
    }
}
