//! Replaces a file in one step.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::temporary::create_beside;

/// The reason why a file was not replaced. The file is unchanged.
#[derive(Debug)]
pub(super) enum Failure {
    /// Its text is no longer the one that was read.
    Changed,
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Io(error)
    }
}

/// Replaces the text of a file if it is still `before`. The path must not be a symbolic link.
///
/// # When the process dies
///
/// The file has the old text or the new one. A temporary file may remain beside it until the next
/// command removes it ([`super::temporary`]).
pub(super) fn replace(path: &Path, before: &str, after: &str) -> Result<(), Failure> {
    let is_unchanged = || fs::read(path).map(|found| found == before.as_bytes());
    if !is_unchanged()? {
        return Err(Failure::Changed);
    }
    let (mut file, temporary) = create_beside(path)?;
    let written = (|| {
        file.write_all(after.as_bytes())?;
        keep_owner(path, &file)?;
        file.set_permissions(fs::metadata(path)?.permissions())?;
        file.sync_all()?;
        // An editor may have saved the file since the first check.
        if !is_unchanged()? {
            return Err(Failure::Changed);
        }
        Ok(fs::rename(&temporary, path)?)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    } else if let Some(dir) = path.parent() {
        // Some file systems cannot do this. The rename is atomic anyway.
        let _ = File::open(dir).and_then(|dir| dir.sync_all());
    }
    written
}

/// Gives the new file to the owner of the old one, who may be another user than root.
#[cfg(unix)]
fn keep_owner(path: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};

    let (old, new) = (fs::metadata(path)?, file.metadata()?);
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        // Only root can do this. Other users replace the file with one of their own.
        let _ = fchown(file, Some(old.uid()), Some(old.gid()));
    }
    Ok(())
}

#[cfg(not(unix))]
fn keep_owner(_path: &Path, _file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Failure, replace};

    #[test]
    fn a_file_is_replaced_with_its_permissions() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("api.rs");
        fs::write(&path, "old").expect("a file");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("permissions");
        }
        let before = fs::metadata(&path).expect("metadata").permissions();
        replace(&path, "old", "new").expect("the text is as it was read");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "new");
        assert_eq!(fs::metadata(&path).expect("metadata").permissions(), before);
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 1);
    }

    #[test]
    fn a_file_that_has_changed_is_left() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("api.rs");
        fs::write(&path, "saved meanwhile").expect("a file");
        assert!(matches!(
            replace(&path, "old", "new"),
            Err(Failure::Changed)
        ));
        assert_eq!(
            fs::read_to_string(&path).expect("a file"),
            "saved meanwhile"
        );
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 1);
    }
}
