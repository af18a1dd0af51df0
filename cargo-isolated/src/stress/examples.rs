//! The folder below `target/stress` that keeps output: one example of each failure, and the whole
//! output of each run of the suite with a failure.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use crate::stress::expected::TestId;
use crate::stress::results::Failure;

/// The folder of this run of the command.
#[derive(Debug)]
pub(crate) struct Examples {
    folder: PathBuf,
    written: usize,
}

impl Examples {
    pub(crate) fn create(target: &Path) -> io::Result<Self> {
        let mut folder = target.join("stress");
        fs::create_dir_all(&folder)?;
        // Process ids are reused, but folders must not be.
        let mut count = 0;
        loop {
            folder.push(format!("{}-{count}", process::id()));
            match fs::create_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    count += 1;
                    folder.pop();
                }
                result => {
                    result?;
                    return Ok(Self { folder, written: 0 });
                }
            }
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a failure to a new file and returns its path.
    pub(crate) fn keep(
        &mut self,
        test: &TestId,
        failure: &Failure,
        origin: &str,
    ) -> io::Result<PathBuf> {
        self.written += 1;
        let path = self.folder.join(format!("failure-{}.txt", self.written));
        let Failure { mode, output } = failure;
        let output = output.trim_end();
        fs::write(&path, format!("{test}\n{mode}\n{origin}\n\n{output}\n"))?;
        Ok(path)
    }
}

impl Drop for Examples {
    fn drop(&mut self) {
        // Removes the folder only if it is empty.
        let _ = fs::remove_dir(&self.folder);
    }
}
