//! The fences of keys across machines.

use super::context::TestHandle;
use crate::lock::key::Key;

impl TestHandle {
    /// Returns the fence of a key [across machines](Key::across_machines) that the attribute names: a
    /// number that is higher than those of all earlier holders of any key on the same server. `None` if the
    /// attribute names no such key, and in a program that takes part in the lock of the test that started it.
    ///
    /// A holder whose machine stands still may continue after its lock was lost, before anything can end it. A
    /// system that is told the fence with each request, and refuses one below the highest that it has seen,
    /// is safe even then.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use isolated_test::{current, isolated, Key};
    ///
    /// const STAGING: Key = Key::across_machines("staging");
    ///
    /// #[isolated(serial = STAGING)]
    /// #[test]
    /// fn deploys() {
    ///     let fence = current().fence(STAGING);
    ///     assert!(fence.is_some());
    /// }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn fence(&self, key: Key) -> Option<u64> {
        let mut fences = self.owner().fences().into_iter();
        fences.find_map(|(held, fence)| (held == key).then_some(fence))
    }
}
