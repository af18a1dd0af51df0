//! Closed years, one file each.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The years in an archive. A missing directory has none.
pub fn years(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut years = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "year")
        {
            years.push(path);
        }
    }
    years.sort();
    Ok(years)
}
