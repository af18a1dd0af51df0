//! The state of a test's body.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use super::should_panic::ShouldPanic;
use crate::mutex::lock;

/// The stage of the annotated function in a test.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyStage {
    Awaited,
    /// It runs. A call of it from now on begins another test.
    Running,
    Over,
}

/// A value that could not be made, or an asynchronous resource that could not be provisioned, so
/// that the annotated function did not run.
#[derive(Clone, Copy)]
pub(crate) struct Unmade {
    /// The failed action, worded to fit between "failed to" and the name.
    pub(crate) action: &'static str,
    pub(crate) name: &'static str,
}

/// The state of a test's body.
pub(crate) struct Body {
    pub(crate) should_panic: ShouldPanic,
    stage: Mutex<BodyStage>,
    unmade: OnceLock<Unmade>,
    /// The reason of the asynchronous resource that has skipped the test.
    skipped: OnceLock<String>,
    /// The lines about asynchronous resources in the report of a failed test.
    described: Mutex<Vec<String>>,
    /// Whether an asynchronous resource could not be released.
    is_unclean: AtomicBool,
}

impl Body {
    pub(super) fn new(should_panic: ShouldPanic) -> Self {
        Body {
            should_panic,
            stage: Mutex::new(BodyStage::Awaited),
            unmade: OnceLock::new(),
            skipped: OnceLock::new(),
            described: Mutex::default(),
            is_unclean: AtomicBool::new(false),
        }
    }

    /// The stage of the annotated function.
    pub(crate) fn stage(&self) -> BodyStage {
        *lock(&self.stage)
    }

    pub(crate) fn set_stage(&self, stage: BodyStage) {
        *lock(&self.stage) = stage;
    }

    /// The value or resource whose failure kept the annotated function from running.
    pub(crate) fn unmade(&self) -> Option<Unmade> {
        self.unmade.get().copied()
    }

    pub(crate) fn set_unmade(&self, unmade: Unmade) {
        let _ = self.unmade.set(unmade);
    }

    /// The reason of the asynchronous resource that has skipped the test.
    pub(crate) fn skipped(&self) -> Option<&str> {
        self.skipped.get().map(String::as_str)
    }

    pub(crate) fn set_skipped(&self, reason: &str) {
        let _ = self.skipped.set(reason.to_owned());
    }

    /// The descriptions of the asynchronous resources, for the report of a failed test.
    pub(crate) fn described(&self) -> Vec<String> {
        lock(&self.described).clone()
    }

    pub(crate) fn describe(&self, line: String) {
        lock(&self.described).push(line);
    }

    /// Whether an asynchronous resource could not be released.
    pub(crate) fn is_unclean(&self) -> bool {
        self.is_unclean.load(Ordering::Relaxed)
    }

    pub(crate) fn set_unclean(&self) {
        self.is_unclean.store(true, Ordering::Relaxed);
    }
}
