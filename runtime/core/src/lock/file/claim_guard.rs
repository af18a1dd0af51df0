//! The published claim on a lock that is being acquired.

use std::cell::Cell;

use super::Want;
use crate::lock::activity::Activity;

/// A claim that can be published in the record. Dropping it retracts the claim, unless the lock was
/// acquired and the claim [kept](ClaimGuard::keep).
pub(super) struct ClaimGuard<'a> {
    pub(super) want: Want,
    pub(super) me: &'a Activity,
    in_record: Cell<bool>,
}

impl<'a> ClaimGuard<'a> {
    /// Creates a claim that is not yet published.
    pub(super) fn begin(want: Want, me: &'a Activity) -> Self {
        ClaimGuard {
            want,
            me,
            in_record: Cell::new(false),
        }
    }

    /// Publishes that the lock is held.
    pub(super) fn publish(&self) {
        if !self.in_record.replace(true) {
            self.me.add_now(self.want);
        }
    }

    /// Retracts the claim if it is published.
    pub(super) fn retract(&self) {
        if self.in_record.replace(false) {
            self.me.retract(&[self.want]);
        }
    }

    /// Leaves the claim in the record, because the lock is held.
    pub(super) fn keep(self) {
        self.in_record.set(false);
    }
}

impl Drop for ClaimGuard<'_> {
    fn drop(&mut self) {
        self.retract();
    }
}
