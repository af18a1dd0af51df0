//! The directory that the command created for this run, and its contents.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The directory for the bare system calls, on the same file system as those of all other methods.
pub(crate) fn floor() -> &'static Path {
    static FLOOR: OnceLock<PathBuf> = OnceLock::new();
    FLOOR.get_or_init(|| {
        let path = env::temp_dir().join("floor");
        std::fs::create_dir_all(&path).expect("the temporary directory can be written");
        path
    })
}

/// The file for the bare locks.
pub(crate) fn lock() -> &'static Path {
    static LOCK: OnceLock<PathBuf> = OnceLock::new();
    LOCK.get_or_init(|| {
        let path = floor().join("lock");
        std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .expect("the directory of the floor can be written");
        path
    })
}
