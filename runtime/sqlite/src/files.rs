//! The files of a test: in memory if there is enough, and where they stay after a failure.

use std::cell::OnceCell;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::time::SystemTime;

use isolated_test_core::{BoxError, Current, Error, Outcome, Reclaim, TestHandle, TmpDir};
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
    /// The directory that stays after a failure: `dir`, or one on disk that is created when it is needed.
    tmpdir: OnceCell<TmpDir>,
    is_in_memory: bool,
    test: TestHandle,
    /// Whether the end of the test has been seen to.
    is_over: bool,
}

/// The beginning of the names of everything outside of the test's temporary directory.
const PREFIX: &str = "isolated-sqlite-";

/// The name of the database.
const NAME: &str = "database.sqlite";

impl Files {
    pub(crate) fn create(test: &Current) -> Result<Self, BoxError> {
        if let Some(memory) = memory() {
            let dir = memory.join(unique_name());
            reclaim_after_crash(test, &dir)?;
            // Without the right to write there, the database is on disk.
            if create_private(&dir).is_ok() {
                return Ok(Files {
                    dir,
                    tmpdir: OnceCell::new(),
                    is_in_memory: true,
                    test: test.handle(),
                    is_over: false,
                });
            }
        }
        let tmpdir = TmpDir::new()?;
        Ok(Files {
            dir: tmpdir.path().to_owned(),
            tmpdir: tmpdir.into(),
            is_in_memory: false,
            test: test.handle(),
            is_over: false,
        })
    }

    /// The database.
    pub(crate) fn database(&self) -> PathBuf {
        self.dir.join(NAME)
    }

    /// A place for what is needed while the database is made.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The database after a failure of the test. Creates its directory.
    pub(crate) fn kept_database(&self) -> Result<PathBuf, Error> {
        Ok(self.tmpdir()?.join(NAME))
    }

    fn tmpdir(&self) -> Result<&TmpDir, Error> {
        if let Some(tmpdir) = self.tmpdir.get() {
            return Ok(tmpdir);
        }
        // The report of a failure asks for it while the test is no longer the current one.
        let _entered = self.test.enter();
        let tmpdir = TmpDir::new()?;
        Ok(self.tmpdir.get_or_init(|| tmpdir))
    }

    /// Keeps or removes everything at the end of the test.
    pub(crate) fn finish(mut self, outcome: Outcome) -> Result<(), BoxError> {
        self.is_over = true;
        if !self.is_in_memory {
            return Ok(()); // The runtime keeps or removes it.
        }
        let kept = if is_kept(outcome) {
            self.copy_to_disk()
        } else {
            Ok(())
        };
        // Nobody else would remove it, even if the copy has failed, for example on a full disk.
        fs::remove_dir_all(&self.dir)?;
        kept
    }

    /// Copies the database, and the log without which it would lack its last transactions.
    fn copy_to_disk(&self) -> Result<(), BoxError> {
        let tmpdir = self.tmpdir()?;
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            // The index of the log belongs to the processes that use it.
            let is_index = name.to_string_lossy().ends_with("-shm");
            if !is_index && entry.file_type()?.is_file() {
                fs::copy(entry.path(), tmpdir.join(name))?;
            }
        }
        Ok(())
    }
}

/// Removes everything, if the test got no database.
impl Drop for Files {
    fn drop(&mut self) {
        if !self.is_over {
            let _ = self.tmpdir.get().map(TmpDir::close);
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// A name that nothing else on this machine has.
pub(crate) fn unique_name() -> String {
    // The standard library has no other source of random numbers.
    let random = RandomState::new().hash_one(SystemTime::now());
    format!("{PREFIX}{}-{random:016x}", process::id())
}

/// Records a path, whose name is [unique](unique_name), before something is created there.
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
