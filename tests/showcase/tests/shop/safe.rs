//! Files that are private or readable by everybody, depending on the umask of the program.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes a file for each of `names` into `folder` and returns the resulting permissions.
pub(crate) fn write_all(folder: &Path, names: &[&str]) -> io::Result<Vec<u32>> {
    let write = |name: &&str| {
        let path = folder.join(name);
        let mut file = File::create(&path)?;
        writeln!(file, "{name}")?;
        file.sync_data()?;
        Ok(fs::metadata(path)?.permissions().mode() & 0o777)
    };
    names.iter().map(write).collect()
}
