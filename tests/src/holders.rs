//! Inner tests that hold a lock until they are told, and outer ones that look at who has it.

use crate::{Running, State, listen, say};

/// Says that the locks are held, from an inner test, and keeps them until it is told.
///
/// # Panics
///
/// Panics when the outer test says something else.
pub fn hold() {
    say("held");
    listen("release");
}

impl State {
    /// Starts an inner test and waits until it holds its locks.
    ///
    /// # Panics
    ///
    /// Panics when it ends before.
    #[must_use]
    #[track_caller]
    pub fn holding(&self, test: &str) -> Running {
        let mut running = self.inner(test).start();
        running.hear("held");
        running
    }

    /// Starts an inner test and waits until it says that it waits.
    ///
    /// # Panics
    ///
    /// Panics when it ends before.
    #[must_use]
    #[track_caller]
    pub fn waiting(&self, test: &str) -> Running {
        let mut running = self.inner(test).start();
        running.hear_error("waiting for");
        running
    }
}

impl Running {
    /// Lets an inner test that holds its locks go, and expects it to pass.
    ///
    /// # Panics
    ///
    /// Panics when it does not.
    #[track_caller]
    pub fn release(mut self) {
        self.tell("release");
        let _ = self.finish().passed();
    }
}
