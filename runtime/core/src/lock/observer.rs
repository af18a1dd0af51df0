//! What is told of waiting, and how long it may last.

use std::time::Duration;

use super::activity::Activity;
use super::{Holder, Want};

/// Is told what somebody waits for.
pub(crate) trait Observer: Sync {
    /// Whether each wait is told from its beginning. Most end before anybody looks at the holders.
    fn is_told_at_once(&self) -> bool;

    /// A lock is waited for, and others are in the way than before.
    fn waiting(&self, want: Want, holders: &[Holder]);

    /// A lock has been waited for so long that people want to know.
    fn still_waiting(&self, waiter: &Activity, want: Want, holders: &[Holder]);
}

/// How long a lock is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Behind holders that do not change.
    pub(crate) timeout: Duration,
    /// In silence.
    pub(crate) notice: Duration,
}
