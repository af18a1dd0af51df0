//! The `files` of `#[sealed_test]`: copies in the test's directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use isolated_test::{BoxError, Current, Outcome, Resource, Transfer};

/// Copies files and directories of the package into the first directory of the test.
///
/// Runs in the parent, so a test that expects a panic does not pass because a file is missing.
#[derive(Debug, Clone, Copy)]
pub struct Files {
    /// The paths, relative to the root of the package. A copy keeps the last component of its path.
    pub files: &'static [&'static str],
    /// The name of the package, if Cargo builds it.
    pub package: Option<&'static str>,
    /// The root of the package at compile time.
    pub root: Option<&'static str>,
}

impl Files {
    /// The root of the package, which may have moved since it was compiled.
    fn root(&self) -> PathBuf {
        let running = std::env::var("CARGO_PKG_NAME").ok();
        let moved = std::env::var_os("CARGO_MANIFEST_DIR")
            .filter(|_| running.is_some() && running.as_deref() == self.package);
        let compiled = || self.root.map(PathBuf::from);
        moved
            .map(PathBuf::from)
            .or_else(compiled)
            .unwrap_or_default()
    }
}

impl Resource for Files {
    type Handle = ();

    fn provision(&mut self, test: &Current) -> Result<(), BoxError> {
        let (root, target) = (self.root(), test.tmpdir());
        for file in self.files {
            let source = root.join(file);
            let name = source.file_name().ok_or("a path without a name")?;
            copy(&source, &target.join(name))
                .map_err(|error| format!("failed to copy `{}`: {error}", source.display()))?;
        }
        Ok(())
    }

    fn release(&mut self, _outcome: Outcome) -> Result<(), BoxError> {
        Ok(()) // The copies are removed with the test's directory.
    }

    /// Lets the parent provision it.
    fn transfer() -> Transfer<()> {
        Transfer::with(|()| String::new(), |_| Ok(()))
    }
}

/// Copies a file, or a directory and its contents. Follows links.
fn copy(source: &Path, target: &Path) -> io::Result<()> {
    if !fs::metadata(source)?.is_dir() {
        return fs::copy(source, target).map(drop);
    }
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        copy(&entry.path(), &target.join(entry.file_name()))?;
    }
    Ok(())
}
