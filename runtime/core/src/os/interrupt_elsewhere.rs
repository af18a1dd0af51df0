//! Systems on which no thread can be interrupted. A helper thread blocks there instead.

/// A thread that can be interrupted: there is none.
#[derive(Clone, Copy)]
pub(crate) enum Target {}

/// Always `None`.
pub(crate) fn this_thread() -> Option<Target> {
    None
}

impl Target {
    /// Never called, because no target exists.
    pub(crate) fn interrupt(self) {
        match self {}
    }
}

/// Does nothing, because no signal was sent.
pub(crate) fn settle() {}

/// Does nothing, because no signal is to be blocked.
pub(crate) fn block_all() {}
