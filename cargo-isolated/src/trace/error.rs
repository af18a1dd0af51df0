//! The error of a trace that cannot be read or drawn.

use std::fmt;
use std::io;
use std::path::Path;

/// An error with a message of one line.
#[derive(Debug)]
pub(crate) struct Error(String);

impl Error {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Error(text.into())
    }

    /// Creates an error about a file: the failed action, and the cause.
    #[must_use]
    pub(crate) fn path(action: &str, path: &Path, cause: &io::Error) -> Self {
        Error(format!("cannot {action} `{}`: {cause}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
