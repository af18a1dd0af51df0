//! The pid file that prevents a second instance of the shop.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;

/// A claimed pid file, which is removed on drop.
#[derive(Debug)]
#[must_use = "the pid file is removed when it is dropped"]
pub(crate) struct PidFile(PathBuf);

impl PidFile {
    /// Claims the pid file at `path`.
    pub(crate) fn claim(path: &Path) -> io::Result<Self> {
        match OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(mut file) => {
                write!(file, "{}", process::id())?;
                file.sync_all()?;
                Ok(Self(path.to_owned()))
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let pid = fs::read_to_string(path)?;
                Err(io::Error::new(
                    ErrorKind::AlreadyExists,
                    format!("already running as {pid}"),
                ))
            }
            Err(error) => Err(error),
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
