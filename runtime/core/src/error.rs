//! The one error type: an opaque kind, what failed, and why.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;

/// Any error that a resource of one's own may return.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// What could not be done, with its cause in [`source`](StdError::source).
///
/// `Debug` writes what people read, with all causes, because it is what a test shows that returns
/// the error.
pub struct Error {
    kind: ErrorKind,
    action: String,
    source: Option<BoxError>,
}

/// The kinds of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The name of a key is not acceptable.
    Key,
    /// A lock was not had in time, or not at all.
    Lock,
    /// The lock was asked for while another was held that comes later in the order.
    LockOrder,
    /// The users of a limited key do not agree on its limit.
    Limit,
    /// The system has refused a network of the test's own.
    Network,
    /// The process of a test could not be started, or not be understood.
    Process,
    /// No port could be reserved.
    Port,
    /// A resource could not be provisioned or released.
    Resource,
    /// The state directory cannot be used.
    State,
    /// A temporary directory could not be made, filled or removed.
    TmpDir,
    /// A variable has a value that means nothing.
    Variable,
}

impl Error {
    /// Makes an error from what failed, worded to fit after "failed to".
    pub(crate) fn new(kind: ErrorKind, action: impl Into<String>) -> Self {
        Error {
            kind,
            action: action.into(),
            source: None,
        }
    }

    /// Makes an error about a path.
    pub(crate) fn path(kind: ErrorKind, action: &str, path: &Path, cause: io::Error) -> Self {
        Error::new(kind, format!("{action} `{}`", path.display())).because(cause)
    }

    /// Adds the cause.
    pub(crate) fn because(mut self, cause: impl Into<BoxError>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "failed to {}", self.action)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&chain(self))
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_ref()
            .map(|source| &**source as &(dyn StdError + 'static))
    }
}

/// Writes an error and all its causes on one line.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// What a body or a guard has thrown.
pub(crate) type Payload = Box<dyn Any + Send>;

/// Returns the message of a panic.
pub(crate) fn panic_message(payload: &Payload) -> Option<&str> {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::{Error, ErrorKind};

    #[test]
    fn a_test_that_returns_an_error_shows_all_causes() {
        let cause = std::io::Error::other("no space");
        let error = Error::new(ErrorKind::TmpDir, "make a directory").because(cause);
        assert_eq!(format!("{error:?}"), "failed to make a directory: no space");
    }
}
