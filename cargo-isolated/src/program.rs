//! The path of this program, which starts itself as a helper.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result};

/// The path, as it was at the first call. Later, a build of the tests may have replaced the file, and
/// then the system no longer knows the path.
pub(crate) fn path() -> Result<&'static Path> {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    if PATH.get().is_none() {
        let path = env::current_exe().context("failed to find this program")?;
        let _ = PATH.set(path);
    }
    PATH.get()
        .map(PathBuf::as_path)
        .context("failed to find this program")
}
