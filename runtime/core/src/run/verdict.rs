//! The verdict on one run of a test, and how it reaches the test runner.

use std::panic::resume_unwind;

use crate::error::{Error, panic_message};
use crate::report;
use crate::resource::Outcome;
use crate::run::end::End;
use crate::run::spec::{ShouldPanic, Spec};

/// The verdict on one run of a test.
pub(crate) enum Verdict {
    /// It ended. `is_clean` is whether all its resources were released.
    Ended {
        end: End,
        outcome: Outcome,
        is_clean: bool,
    },
    /// It could not begin.
    Unable(String),
    /// It does not run here, or its failure does not count; it passes.
    Skipped,
    /// It passed after a failed attempt, and `ISOLATED_FLAKY` makes that a failure.
    Flaky,
}

impl Verdict {
    /// Reports the reason why a test cannot begin.
    pub(crate) fn unable(test: &str, error: &Error) -> Self {
        report::error(test, error);
        Verdict::Unable(error.to_string())
    }

    /// Whether the test passed.
    pub(crate) fn is_pass(&self) -> bool {
        match self {
            Verdict::Ended {
                outcome, is_clean, ..
            } => *outcome == Outcome::Passed && *is_clean,
            Verdict::Skipped => true,
            Verdict::Unable(_) | Verdict::Flaky => false,
        }
    }

    /// The reason for the failure, in a few words.
    pub(crate) fn why(&self) -> String {
        match self {
            Verdict::Unable(why) => why.clone(),
            Verdict::Flaky => "it is flaky".to_owned(),
            Verdict::Ended {
                outcome: Outcome::Passed,
                ..
            } => "a resource could not be released".to_owned(),
            Verdict::Ended { end, .. } => match end {
                End::Died(error) => error.to_string(),
                End::Skipped(reason) => reason.clone(),
                End::Returned { passed: true } => "it did not panic".to_owned(),
                End::Returned { passed: false } => "it returned a failure".to_owned(),
                End::Panicked(payload) => match panic_message(payload) {
                    Some(message) => {
                        let line = message.lines().next().unwrap_or_default();
                        format!("it panicked: {line}")
                    }
                    None => "it panicked".to_owned(),
                },
            },
            Verdict::Skipped => "it was skipped".to_owned(),
        }
    }

    /// Passes or fails the test in the test runner.
    pub(crate) fn conclude(self, spec: &Spec) {
        let should_panic = spec.should_panic != ShouldPanic::No;
        match self {
            Verdict::Skipped => pass(spec),
            Verdict::Unable(why) => fail(spec, why),
            Verdict::Flaky => fail(spec, "the test is flaky".to_owned()),
            Verdict::Ended { end, is_clean, .. } => match end {
                // An expected panic must not hide a resource that could not be released.
                End::Panicked(_) if should_panic && !is_clean => {}
                End::Panicked(payload) => resume_unwind(payload),
                End::Died(error) => fail(spec, error.to_string()),
                End::Returned { passed: false } => {
                    fail(spec, "the test returned a failure".to_owned());
                }
                End::Returned { passed: true } | End::Skipped(_) if !is_clean => {
                    fail(spec, "a resource could not be released".to_owned());
                }
                End::Returned { passed: true } | End::Skipped(_) => {}
            },
        }
    }
}

/// Passes a test whatever its body has done. A test that expects a panic gets one.
fn pass(spec: &Spec) {
    match spec.should_panic {
        ShouldPanic::No => {}
        ShouldPanic::Yes => resume_unwind(Box::new("passed")),
        ShouldPanic::With(text) => resume_unwind(Box::new(text)),
    }
}

/// Fails a test whose failure has been reported. A test that expects a panic would pass if this
/// panicked, so this returns, which fails it.
pub(crate) fn fail(spec: &Spec, message: String) {
    if spec.should_panic == ShouldPanic::No {
        // `resume_unwind` runs no panic hook, so nothing is printed a second time.
        resume_unwind(Box::new(message));
    }
}
