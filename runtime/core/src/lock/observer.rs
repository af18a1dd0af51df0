//! Reports about waits, and limits on how long they last.

use std::time::Duration;

use super::activity::Activity;
use super::{Holder, Want};

/// Receives reports about threads that wait for locks.
pub(crate) trait Observer: Sync {
    /// Whether to report each wait from its beginning. Most waits end before the holders are looked
    /// up.
    fn is_told_at_once(&self) -> bool;

    /// A thread waits for a lock, and the holders in the way have changed.
    fn waiting(&self, want: Want, holders: &[Holder]);

    /// A wait has lasted so long that the user wants to know.
    fn still_waiting(&self, waiter: &Activity, want: Want, holders: &[Holder]);
}

/// Limits on the wait for a lock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// How long to wait behind holders that do not change.
    pub(crate) timeout: Duration,
    /// How long to wait before the first notice.
    pub(crate) notice: Duration,
}
