//! The plan of a sandbox.

use std::path::PathBuf;

use crate::part::Part;

/// What a test gets for itself, and the directories that it still shares with the machine.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "there is no sandbox here that could read it")
)]
pub(crate) struct Plan {
    pub(crate) parts: Vec<Part>,
    /// The root of the workspace.
    pub(crate) checkout: PathBuf,
    pub(crate) target: Option<PathBuf>,
    pub(crate) home: Option<PathBuf>,
    /// The directories that the test reaches under their usual paths, even if they lie below a
    /// directory that the sandbox replaces.
    pub(crate) shared: Vec<PathBuf>,
}

/// A part of the sandbox that the system does not allow.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) part: Part,
    pub(crate) reason: String,
}
