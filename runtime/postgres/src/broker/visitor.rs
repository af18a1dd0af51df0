//! A test on whose behalf a thread waits.

use std::io;
use std::sync::{Condvar, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a thread that waits on behalf of a test looks whether that has died.
pub(super) const GLANCE: Duration = Duration::from_secs(1);

/// A test that asks for a database.
pub(super) trait Visitor {
    /// Is told once why it has to wait.
    fn wait_for(&mut self, why: &str) -> io::Result<()>;

    /// Whether it has died.
    fn is_gone(&mut self) -> bool;

    /// Waits on its behalf until something has changed, or for a time. Fails if it has died.
    fn wait<'a, T>(
        &mut self,
        changed: &Condvar,
        state: MutexGuard<'a, T>,
        time: Duration,
    ) -> io::Result<MutexGuard<'a, T>> {
        let waited = changed.wait_timeout(state, time);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if self.is_gone() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(state)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io;
    use std::sync::mpsc::Sender;

    use super::Visitor;

    /// A test that tells why it waits.
    pub(in crate::broker) struct Test {
        pub(in crate::broker) waits: Sender<String>,
        pub(in crate::broker) is_dead: bool,
    }

    impl Visitor for Test {
        fn wait_for(&mut self, why: &str) -> io::Result<()> {
            self.waits.send(why.to_owned()).map_err(io::Error::other)
        }

        fn is_gone(&mut self) -> bool {
            self.is_dead
        }
    }
}
