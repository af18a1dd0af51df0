//! The file of `path => "..."`. It is locked in addition to its key, because programs with another
//! state directory may share the file: those of another user, or in a container that mounts it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use fs2::FileExt;

use crate::claim::Mode;

/// Creates the file if it is missing, and returns its canonical path.
pub(crate) fn real_path(path: &Path) -> io::Result<PathBuf> {
    if let Err(error) = OpenOptions::new().append(true).create(true).open(path) {
        // It may exist and belong to another user.
        if !path.is_file() {
            return Err(error);
        }
    }
    fs::canonicalize(path)
}

/// Locks the file. Prints a line before waiting.
pub(crate) fn lock(path: &Path, mode: Mode) -> io::Result<File> {
    let file = File::open(path)?;
    let mut is_told = false;
    loop {
        let result = match (mode, is_told) {
            (Mode::Shared, false) => FileExt::try_lock_shared(&file),
            (Mode::Shared, true) => FileExt::lock_shared(&file),
            (Mode::Exclusive, false) => FileExt::try_lock_exclusive(&file),
            (Mode::Exclusive, true) => FileExt::lock_exclusive(&file),
        };
        match result {
            Ok(()) => return Ok(file),
            Err(error) if is_taken(&error) => {
                // Bypasses the test runner's capture.
                let line = format!(
                    "isolated-test: waiting for the lock on `{}`, held by a program with another \
                     state directory\n",
                    path.display()
                );
                let _ = io::stderr().write_all(line.as_bytes());
                is_told = true;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether anyone holds the file exclusively.
pub(crate) fn is_locked(path: &Path) -> io::Result<bool> {
    match FileExt::try_lock_shared(&File::open(path)?) {
        Ok(()) => Ok(false),
        Err(error) if is_taken(&error) => Ok(true),
        Err(error) => Err(error),
    }
}

fn is_taken(error: &io::Error) -> bool {
    error.raw_os_error() == fs2::lock_contended_error().raw_os_error()
}
