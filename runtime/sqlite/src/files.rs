//! The files of a test: in memory if there is enough, and where they stay after a failure.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use isolated_test_core::{BoxError, Current, Outcome, Reclaim, TmpDir};
use isolated_test_databases::{is_kept, memory};

/// The directory of a database, and of the files that SQLite puts beside it.
///
/// # When the process dies
///
/// A directory in memory is recorded before it is created, and the next test with a database removes
/// it. Any other is a temporary directory of the test.
#[derive(Debug)]
pub(crate) struct Files {
    dir: PathBuf,
    /// The directory that stays after a failure. It may be `dir`.
    tmpdir: TmpDir,
    /// Whether the end of the test has been seen to.
    is_over: bool,
}

/// The beginning of the names of everything outside of the test's temporary directory.
const PREFIX: &str = "isolated-sqlite-";

/// The name of the database.
const NAME: &str = "database.sqlite";

impl Files {
    pub(crate) fn create(test: &Current) -> Result<Self, BoxError> {
        let tmpdir = TmpDir::new()?;
        let mut files = Files {
            dir: tmpdir.path().to_owned(),
            tmpdir,
            is_over: false,
        };
        if let Some(memory) = memory() {
            let dir = memory.join(files.unique_name());
            reclaim_after_crash(test, &dir)?;
            // Without the right to write there, the database is on disk.
            if create_private(&dir).is_ok() {
                files.dir = dir;
            }
        }
        Ok(files)
    }

    /// A name that nothing else on this machine has: the last two parts of the path of the temporary
    /// directory, which end in random letters.
    pub(crate) fn unique_name(&self) -> String {
        let path = self.tmpdir.path();
        let parts = [path.parent().and_then(Path::file_name), path.file_name()];
        let parts = parts.map(|part| part.unwrap_or_default().to_string_lossy());
        format!("{PREFIX}{}", parts.join("-"))
    }

    /// The database.
    pub(crate) fn database(&self) -> PathBuf {
        self.dir.join(NAME)
    }

    /// A place for what is needed while the database is made.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The database after a failure of the test.
    pub(crate) fn kept_database(&self) -> PathBuf {
        self.tmpdir.path().join(NAME)
    }

    /// Keeps or removes everything at the end of the test.
    pub(crate) fn finish(mut self, outcome: Outcome) -> io::Result<()> {
        self.is_over = true;
        if self.dir == self.tmpdir.path() {
            return Ok(()); // The runtime keeps or removes it.
        }
        let kept = if is_kept(outcome) {
            self.copy_to_disk()
        } else {
            Ok(())
        };
        // Nobody else would remove it, even if the copy has failed, for example on a full disk.
        let removed = fs::remove_dir_all(&self.dir);
        kept.and(removed)
    }

    /// Copies the database, and the log without which it would lack its last transactions.
    fn copy_to_disk(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            // The index of the log belongs to the processes that use it.
            let is_index = name.to_string_lossy().ends_with("-shm");
            if !is_index && entry.file_type()?.is_file() {
                fs::copy(entry.path(), self.tmpdir.join(name))?;
            }
        }
        Ok(())
    }
}

/// Removes everything, if the test got no database.
impl Drop for Files {
    fn drop(&mut self) {
        if !self.is_over {
            let _ = self.tmpdir.close();
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// Records a path, whose name is [unique](Files::unique_name), before something is created there.
pub(crate) fn reclaim_after_crash(test: &Current, path: &Path) -> Result<(), BoxError> {
    let path = path.to_str().ok_or("the path is not UTF-8")?;
    test.reclaim_after_crash::<Files>(path)?;
    Ok(())
}

impl Reclaim for Files {
    const KIND: &'static str = "isolated-sqlite-files";

    fn reclaim(text: &str) -> Result<(), BoxError> {
        let path = Path::new(text);
        let name = path.file_name().and_then(|name| name.to_str());
        if !name.is_some_and(|name| name.starts_with(PREFIX)) {
            return Err("the path is not one of ours".into());
        }
        let removed = match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
            Ok(_) => fs::remove_file(path),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Creates a directory that other users cannot enter.
pub(crate) fn create_private(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new().mode(0o700).create(dir)
    }
    #[cfg(not(unix))]
    fs::create_dir(dir)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use isolated_test::isolated;
    use isolated_test_core::Reclaim;

    use super::Files;

    #[isolated(tmpdir)]
    #[test]
    fn only_paths_of_ours_are_reclaimed(tmpdir: &Path) {
        let theirs = tmpdir.join("isolated-other");
        fs::create_dir(&theirs).unwrap();
        assert!(Files::reclaim(theirs.to_str().unwrap()).is_err());
        assert!(theirs.exists());
        let ours = tmpdir.join("isolated-sqlite-a");
        let reclaim = || Files::reclaim(ours.to_str().unwrap()).unwrap();
        fs::create_dir_all(ours.join("b")).unwrap();
        reclaim();
        assert!(!ours.exists());
        reclaim(); // It is gone already.
        fs::write(&ours, "").unwrap();
        reclaim();
        assert!(!ours.exists());
    }
}
