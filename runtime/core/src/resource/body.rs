//! What a running test remembers about its body.

use std::sync::{Mutex, OnceLock};

use crate::mutex::lock;

/// The stage of the annotated function in a test.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyStage {
    Awaited,
    /// It runs. A call of it from now on begins another test.
    Running,
    Over,
}

/// What a running test remembers about its body.
pub(crate) struct Body {
    stage: Mutex<BodyStage>,
    /// The value that could not be made, so that the annotated function did not run.
    unmade: OnceLock<&'static str>,
}

impl Body {
    pub(super) fn new() -> Self {
        Body {
            stage: Mutex::new(BodyStage::Awaited),
            unmade: OnceLock::new(),
        }
    }

    /// The stage of the annotated function.
    pub(crate) fn stage(&self) -> BodyStage {
        *lock(&self.stage)
    }

    pub(crate) fn set_stage(&self, stage: BodyStage) {
        *lock(&self.stage) = stage;
    }

    /// The value that could not be made.
    pub(crate) fn unmade(&self) -> Option<&'static str> {
        self.unmade.get().copied()
    }

    pub(crate) fn set_unmade(&self, value: &'static str) {
        let _ = self.unmade.set(value);
    }
}
