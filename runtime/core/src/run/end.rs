//! How a body ended, and the outcome that follows from it.

use crate::error::{BoxError, Payload, panic_message};
use crate::resource::Outcome;
use crate::run::spec::ShouldPanic;
use crate::trace::Trace;

/// How a body ended.
pub(crate) enum End {
    Returned {
        passed: bool,
    },
    Panicked(Payload),
    /// The body neither returned nor panicked, or never ran; the error is the reason.
    Died(BoxError),
    /// A resource has skipped the test, for this reason.
    Skipped(String),
}

impl End {
    pub(crate) fn of(result: Result<bool, Payload>) -> Self {
        match result {
            Ok(passed) => End::Returned { passed },
            Err(payload) => End::Panicked(payload),
        }
    }

    /// The outcome, as the test runner will judge it.
    pub(crate) fn outcome(&self, should_panic: ShouldPanic) -> Outcome {
        let as_wanted = match (self, should_panic) {
            (End::Returned { passed }, ShouldPanic::No) => *passed,
            (End::Died(_) | End::Returned { .. }, _) | (End::Panicked(_), ShouldPanic::No) => false,
            (End::Skipped(_), _) | (End::Panicked(_), ShouldPanic::Yes) => true,
            (End::Panicked(payload), ShouldPanic::With(text)) => {
                panic_message(payload).is_some_and(|message| message.contains(text))
            }
        };
        if as_wanted {
            Outcome::Passed
        } else {
            Outcome::Failed
        }
    }

    /// Writes the end of the body into the trace.
    pub(crate) fn trace(&self, trace: &Trace, outcome: Outcome) {
        if !trace.is_on() {
            return;
        }
        let (how, why) = match self {
            End::Returned { .. } => ("returned", String::new()),
            End::Panicked(payload) => (
                "panicked",
                panic_message(payload).unwrap_or_default().to_owned(),
            ),
            End::Died(error) => ("died", error.to_string()),
            End::Skipped(reason) => ("skipped", reason.clone()),
        };
        trace.over(how, &why, outcome);
    }
}
