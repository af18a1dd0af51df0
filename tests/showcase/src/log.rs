//! The log file with the output of failed tests.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{env, process};

/// A log file, created on the first write.
pub(crate) struct Log {
    path: PathBuf,
    file: Option<File>,
}

impl Log {
    /// Chooses a path beside the running program, in the target directory.
    pub(crate) fn create() -> io::Result<Self> {
        let mut path = env::current_exe()?;
        path.set_file_name("showcase");
        fs::create_dir_all(&path)?;
        path.push(format!("{}.log", process::id()));
        Ok(Self { path, file: None })
    }

    /// Appends output under a title.
    pub(crate) fn append(&mut self, title: &str, output: &str) -> io::Result<()> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => File::create(&self.path)?,
        };
        let written = write!(file, "==== {title}\n{}\n\n", output.trim());
        self.file = Some(file);
        written
    }

    /// The path of the log, if anything was written.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|_| &*self.path)
    }
}
