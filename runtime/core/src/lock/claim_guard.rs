//! What the record of the process says about a lock that is being taken.

use std::cell::Cell;

use super::Want;
use crate::lock::activity::Activity;

/// What is said of a lock in the record, and taken back if the lock is not had in the end.
pub(super) struct ClaimGuard<'a> {
    pub(super) want: Want,
    pub(super) me: &'a Activity,
    in_record: Cell<bool>,
}

impl<'a> ClaimGuard<'a> {
    /// Begins without having said anything.
    pub(super) fn begin(want: Want, me: &'a Activity) -> Self {
        ClaimGuard {
            want,
            me,
            in_record: Cell::new(false),
        }
    }

    /// Says that the lock is held.
    pub(super) fn publish(&self) {
        if !self.in_record.replace(true) {
            self.me.add_now(self.want);
        }
    }

    /// Says that the lock is not held after all.
    pub(super) fn retract(&self) {
        if self.in_record.replace(false) {
            self.me.retract(&[self.want]);
        }
    }

    /// Leaves what is claim, because it is true.
    pub(super) fn keep(self) {
        self.in_record.set(false);
    }
}

impl Drop for ClaimGuard<'_> {
    fn drop(&mut self) {
        self.retract();
    }
}
