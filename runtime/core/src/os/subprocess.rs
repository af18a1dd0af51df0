//! Types that all platforms share to run the subprocess of a test.

use std::process::ExitStatus;

/// An event of a subprocess, as its parent sees it.
#[derive(Debug)]
pub(crate) enum Event {
    /// Output of the test.
    Output(Vec<u8>),
    /// Bytes of the messages to the parent.
    Message(Vec<u8>),
    /// The subprocess has ended and has left other processes behind.
    Left,
    /// No process is left. The status is `None` if the supervisor was killed.
    Gone(Option<ExitStatus>),
    /// The deadline has passed.
    TimeIsUp,
}

/// Where the command line of a program names the test to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarkPosition {
    /// In `argv[0]`.
    #[cfg_attr(windows, expect(dead_code, reason = "nobody chooses the name there"))]
    Name,
    /// In an argument, which the test runner takes for a filter.
    Filter,
}

/// Builds the command line of a program from the description of its link to the parent.
pub(crate) type Words<'a> = &'a dyn Fn(&str, MarkPosition) -> Vec<String>;
