//! Reports waits for locks, on the terminal and in the trace.

use crate::lock::activity::Activity;
use crate::lock::observer::Observer;
use crate::lock::{Holder, Want};
use crate::report;
use crate::trace::Trace;

/// Observes waits: writes all of them into a trace, and prints the long ones.
pub(crate) struct Observed<'a>(pub(crate) &'a Trace);

impl Observer for Observed<'_> {
    fn reports_at_once(&self) -> bool {
        self.0.is_on()
    }

    fn waiting(&self, want: Want, holders: &[Holder]) {
        self.0.waiting(want, holders);
    }

    fn still_waiting(&self, waiter: &Activity, want: Want, holders: &[Holder]) {
        report::waiting(waiter, want, holders);
    }
}
