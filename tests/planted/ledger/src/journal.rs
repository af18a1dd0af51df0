//! The journal is replaced as a whole, so that a crash leaves the old one.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Replaces the journal at `path`.
pub fn save(path: &Path, entries: &[&str]) -> io::Result<()> {
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = NamedTempFile::new_in(dir)?;
    for entry in entries {
        writeln!(file, "{entry}")?;
    }
    file.persist(path)?;
    Ok(())
}

/// The entries of the journal at `path`. A missing one has none.
pub fn load(path: &Path) -> io::Result<Vec<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
