//! What the parent of a test's process hears, on every platform.

use std::process::ExitStatus;

/// What comes from a process and from who watches it.
#[derive(Debug)]
pub(crate) enum Event {
    /// It has written something.
    Output(Vec<u8>),
    /// It has said something to its parent.
    Said(Vec<u8>),
    /// It has ended, and has left other processes behind.
    Left,
    /// Nobody is left. There is no status when the supervisor was killed.
    Gone(Option<ExitStatus>),
    /// The time is up.
    TimeIsUp,
}
