//! Requests of a subprocess about resources that its parent holds, and about the record.

/// A request to the parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    ReleasePort { resource: usize, nth: usize },
    KeepDir { resource: usize },
    CloseDir { resource: usize },
    Reclaim { line: String },
}

/// Sends a request to the parent. An error is the text of the parent's error.
pub(crate) type Ask = fn(Call) -> Result<(), String>;
