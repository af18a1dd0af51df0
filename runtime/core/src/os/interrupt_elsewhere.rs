//! Systems on which no thread is interrupted: a helper thread waits there instead.

/// A thread that may be interrupted: there is none.
#[derive(Clone, Copy)]
pub(crate) enum Target {}

/// Returns nothing.
pub(crate) fn this_thread() -> Option<Target> {
    None
}

impl Target {
    /// Interrupts nobody.
    pub(crate) fn interrupt(self) {
        match self {}
    }
}

/// Has nothing to wait for.
pub(crate) fn settle() {}

/// Has no signals to block.
pub(crate) fn block_all() {}
