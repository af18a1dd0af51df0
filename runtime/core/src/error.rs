//! The one error type, which is opaque: a kind, the failed action, and the cause.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;

/// Any error that a custom resource may return.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// An error that names the failed action, with its cause in [`source`](StdError::source).
///
/// `Debug` writes the readable message with all causes, because Rust shows the `Debug` form of an
/// error that a test returns.
pub struct Error {
    kind: ErrorKind,
    /// Precedes the action: "failed to" or "timed out".
    how: &'static str,
    action: String,
    source: Option<BoxError>,
}

/// The kinds of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The name of a key is invalid, or the attribute uses an internal key.
    Key,
    /// Could not acquire a lock (timeout or I/O error).
    Lock,
    /// The caller, or the test for which it acts, already holds the lock at least as strongly.
    LockHeld,
    /// Refused to wait for a lock, because the caller, or the test for which it acts, holds one
    /// that comes later in the order. A custom resource may wait for internal keys only.
    LockOrder,
    /// Refused to wait for a lock whose holder cannot release it before the wait ends: the caller
    /// itself, which holds it more weakly, a test that takes turns with it in one thread, or one
    /// that has started this program.
    Deadlock,
    /// The limit of a key is zero or too high, or the users of the key do not agree on it.
    Limit,
    /// The system refused to create a separate network for the test.
    Network,
    /// The subprocess of a test could not be set up, started or understood.
    Process,
    /// No port could be reserved.
    Port,
    /// A custom resource could not be provisioned, transferred or released.
    Resource,
    /// The state directory cannot be used.
    State,
    /// A temporary directory could not be made, filled, kept or removed.
    TmpDir,
    /// An environment variable has an unknown name or an unusable value.
    Variable,
}

impl Error {
    /// Creates an error from the failed action, worded to fit after "failed to".
    pub(crate) fn new(kind: ErrorKind, action: impl Into<String>) -> Self {
        Error {
            kind,
            how: "failed to",
            action: action.into(),
            source: None,
        }
    }

    /// Creates an error about a wait that took too long, worded to fit after "timed out".
    pub(crate) fn timed_out(kind: ErrorKind, action: String) -> Self {
        Error {
            how: "timed out",
            ..Error::new(kind, action)
        }
    }

    /// Creates an error about a path.
    pub(crate) fn path(kind: ErrorKind, action: &str, path: &Path, cause: io::Error) -> Self {
        Error::new(kind, format!("{action} `{}`", path.display())).because(cause)
    }

    /// Adds the cause.
    pub(crate) fn because(mut self, cause: impl Into<BoxError>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.how, self.action)
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

/// Formats an error and all its causes on one line.
#[must_use]
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// The payload of a panic of user code.
pub(crate) type Payload = Box<dyn Any + Send>;

/// The message of a panic, if the payload is text.
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
