//! What all platforms have in common that start the subprocess of a test.

use std::process::ExitStatus;

/// What comes from a process and from who watches it.
#[derive(Debug)]
pub(crate) enum Event {
    /// It has written something.
    Output(Vec<u8>),
    /// It has said something to its parent.
    Message(Vec<u8>),
    /// It has ended, and has left other processes behind.
    Left,
    /// Nobody is left. There is no status when the supervisor was killed.
    Gone(Option<ExitStatus>),
    /// The time is up.
    TimeIsUp,
}

/// Where the command line of a program says which test it is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarkPosition {
    /// In `argv[0]`.
    #[cfg_attr(windows, expect(dead_code, reason = "nobody chooses the name there"))]
    Name,
    /// In an argument, which the test runner takes for a filter.
    Filter,
}

/// Writes the command line of a program, from the description of its connection to the parent.
pub(crate) type Words<'a> = &'a dyn Fn(&str, MarkPosition) -> Vec<String>;
