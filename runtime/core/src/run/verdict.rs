//! What is said of one run of a test, and how the test runner is told.

use std::panic::resume_unwind;

use crate::error::panic_message;
use crate::resource::Outcome;
use crate::run::end::End;
use crate::run::spec::{ShouldPanic, Spec};

/// What is said of one run of a test.
pub(crate) enum Verdict {
    /// It came to an end, and what it had was given back or not.
    Ended {
        end: End,
        outcome: Outcome,
        is_clean: bool,
    },
    /// It could not begin.
    Unable(String),
    /// It is not to run here, and passes.
    Skipped,
    /// It passed, but not at once, which is to count as a failure.
    Flaky,
}

impl Verdict {
    /// Tells whether the test has passed.
    pub(crate) fn is_pass(&self) -> bool {
        match self {
            Verdict::Ended {
                outcome, is_clean, ..
            } => *outcome == Outcome::Passed && *is_clean,
            Verdict::Skipped => true,
            Verdict::Unable(_) | Verdict::Flaky => false,
        }
    }

    /// Says in a few words why the test has failed.
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

    /// Tells the test runner.
    pub(crate) fn conclude(self, spec: &Spec) {
        let should_panic = spec.should_panic != ShouldPanic::No;
        match self {
            Verdict::Skipped => pass(spec),
            Verdict::Unable(why) => fail(spec, why),
            Verdict::Flaky => fail(spec, "the test is flaky".to_owned()),
            Verdict::Ended { end, is_clean, .. } => match end {
                // What a test expects must not hide that something could not be given back.
                End::Panicked(_) if should_panic && !is_clean => {}
                End::Panicked(payload) => resume_unwind(payload),
                End::Died(error) => fail(spec, error.to_string()),
                End::Returned { passed: false } => {
                    fail(spec, "the test returned a failure".to_owned());
                }
                End::Returned { passed: true } if !is_clean => {
                    fail(spec, "a resource could not be released".to_owned());
                }
                End::Returned { passed: true } => {}
            },
        }
    }
}

/// Lets a test pass whatever its body has done: one that expects a panic must have it.
fn pass(spec: &Spec) {
    match spec.should_panic {
        ShouldPanic::No => {}
        ShouldPanic::Yes => resume_unwind(Box::new("passed")),
        ShouldPanic::With(text) => resume_unwind(Box::new(text)),
    }
}

/// Fails a test after its failure has been explained. A test that expects a panic must not have
/// one then, or it would pass; returning is what fails it.
pub(crate) fn fail(spec: &Spec, message: String) {
    if spec.should_panic == ShouldPanic::No {
        // No hook runs, so nothing is printed a second time.
        resume_unwind(Box::new(message));
    }
}
