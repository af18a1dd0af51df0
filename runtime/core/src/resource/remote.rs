//! Resources that the parent of a subprocess has: the parent is asked about them.

/// What is asked of the parent about one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    ReleasePort { resource: usize, nth: usize },
    KeepDir { resource: usize },
    CloseDir { resource: usize },
}

/// Asks the parent. An error is the text of the parent's.
pub(crate) type Ask = fn(Call) -> Result<(), String>;
