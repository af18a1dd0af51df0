//! The journal of a till: a log file that is rotated when it is full.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{fs, iter};

/// An open journal.
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    limit: u64,
}

impl Journal {
    /// Opens the journal at `path` and rotates it at `limit` bytes.
    pub(crate) fn open(path: &Path, limit: u64) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            limit,
        })
    }

    /// Writes a line, which is safely on disk when this returns.
    pub(crate) fn write(&mut self, line: &str) -> io::Result<()> {
        if self.file.metadata()?.len() >= self.limit {
            fs::rename(&self.path, rotated(&self.path))?;
            *self = Self::open(&self.path, self.limit)?;
        }
        writeln!(self.file, "{line}")?;
        self.file.sync_data()
    }
}

/// The path to which a full journal is renamed.
pub(crate) fn rotated(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}

/// All lines of the journal at `path`, rotated ones first.
pub(crate) fn lines(path: &Path) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    for file in iter::once(rotated(path))
        .filter(|path| path.exists())
        .chain([path.to_owned()])
    {
        lines.extend(fs::read_to_string(file)?.lines().map(str::to_owned));
    }
    Ok(lines)
}
