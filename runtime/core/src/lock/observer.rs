//! Reports about waits.

use super::activity::Activity;
use super::{Holder, Want};

/// Receives reports about threads that wait for locks.
pub(crate) trait Observer: Sync {
    /// Whether to report each wait from its beginning. Most waits end before the holders are looked
    /// up.
    fn reports_at_once(&self) -> bool;

    /// A thread waits for a lock, and the holders in the way have changed.
    fn waiting(&self, want: Want, holders: &[Holder]);

    /// A wait has lasted so long that the user wants to know.
    fn still_waiting(&self, waiter: &Activity, want: Want, holders: &[Holder]);
}
