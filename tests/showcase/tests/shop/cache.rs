//! The picture cache: a folder with one file per picture.

use std::path::{Path, PathBuf};
use std::{fs, io};

pub(crate) struct Cache(PathBuf);

impl Cache {
    /// Opens an empty cache at `folder` and removes whatever was there before.
    pub(crate) fn fresh(folder: &Path) -> io::Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        Ok(Self(folder.to_owned()))
    }

    /// Stores a picture.
    pub(crate) fn put(&self, name: &str, picture: &[u8]) -> io::Result<()> {
        fs::write(self.0.join(name), picture)
    }

    /// Reads a picture.
    pub(crate) fn get(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.0.join(name))
    }

    /// The sorted names of all pictures.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    /// Removes pictures from the start of the sorted names until `keep` are left.
    pub(crate) fn prune(&self, keep: usize) -> io::Result<()> {
        let names = self.names()?;
        let surplus = names.len().saturating_sub(keep);
        names
            .iter()
            .take(surplus)
            .try_for_each(|name| fs::remove_file(self.0.join(name)))
    }
}
