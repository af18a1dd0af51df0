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
    /// The [watched](super::process::Running::watch) descriptor is readable.
    #[cfg(unix)]
    Watched,
    /// The deadline has passed.
    TimeIsUp,
}

/// Builds the command line of a program from the description of its link to the parent. Where the
/// name of the program cannot be chosen, that name is given too, and the mark is an argument, which
/// the test runner takes for a filter.
pub(crate) type Arguments<'a> = &'a dyn Fn(&str, Option<&str>) -> Vec<String>;
