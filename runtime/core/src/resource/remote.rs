//! Requests of a subprocess about resources that its parent holds.

/// A request to the parent about one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    ReleasePort { resource: usize, nth: usize },
    KeepDir { resource: usize },
    CloseDir { resource: usize },
}

/// Sends a request to the parent. An error is the text of the parent's error.
pub(crate) type Ask = fn(Call) -> Result<(), String>;
