//! Directories of a test's own.

use std::fmt;
use std::fs;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Outcome;
use super::remote::{Ask, Call};
use crate::config::Keep;
use crate::config::variables;
use crate::error::{Error, ErrorKind};
use crate::location::SourceLocation;
use crate::os;
use crate::random;
use crate::state::record::{self, record};
use crate::state::{StateDir, mark_kept, remove_tree, state_dir};

/// How much of the name of a test goes into the name of its directory, in bytes.
///
/// Unix sockets must fit into 107 bytes with their whole path.
const NAME: usize = 24;

/// A fresh directory of the test's own.
///
/// It dereferences to [`Path`]. It is removed when the test passes, and kept and printed when the
/// test fails, unless `keep = "..."` or the variable `ISOLATED_KEEP` says otherwise. A kept directory
/// stays for a day, and after that as long as it is among the newest 32. Its path is short
/// enough for Unix sockets, and has no spaces in it.
///
/// Only this user can read it. What a test has made unreadable is removed all the same.
///
/// Clones are handles of the same directory.
///
/// # When the process dies
///
/// The directory stays until the next isolated test on this machine starts, which removes it.
#[derive(Clone)]
pub struct TmpDir {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    /// Gone when the test is over, or the directory has been closed.
    dir: Mutex<Option<Dir>>,
    keep: Keep,
    kept: AtomicBool,
    #[cfg(feature = "tempfile")]
    borrowed: super::tempfile::Borrowed,
}

/// Who removes a directory.
enum Dir {
    Here(Made),
    /// The parent of this process, as the resource of this index.
    Parent(usize, Ask),
}

impl TmpDir {
    /// Takes over a directory of the parent of this process.
    pub(crate) fn of_parent(path: PathBuf, resource: usize, ask: Ask) -> Self {
        TmpDir {
            inner: Arc::new(Inner {
                path,
                dir: Mutex::new(Some(Dir::Parent(resource, ask))),
                keep: Keep::Never,
                kept: AtomicBool::new(false),
                #[cfg(feature = "tempfile")]
                borrowed: super::tempfile::Borrowed::default(),
            }),
        }
    }

    /// Makes a directory for a test.
    pub(crate) fn create(
        test: &str,
        from: Option<&str>,
        keep: Option<Keep>,
        place: &SourceLocation,
    ) -> Result<Self, Error> {
        let fail =
            |error| Error::new(ErrorKind::TmpDir, "make a temporary directory").because(error);
        let state_dir = state_dir()?;
        let mut owner = record()?;
        let dir = match Made::new(test, state_dir, &owner) {
            // Somebody has emptied the state directory under us.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                owner = record::renew(&owner)?;
                Made::new(test, state_dir, &owner)
            }
            result => result,
        }
        .map_err(fail)?;
        if let Some(from) = from {
            let source = place.in_package(Path::new(from));
            copy(&source, &dir.path).map_err(|error| {
                Error::path(ErrorKind::TmpDir, "copy the fixture", &source, error)
            })?;
        }
        let keep = variables()?.keep.or(keep).unwrap_or(Keep::Failure);
        let path = dir.path.clone();
        Ok(TmpDir {
            inner: Arc::new(Inner {
                path,
                dir: Mutex::new(Some(Dir::Here(dir))),
                keep,
                kept: AtomicBool::new(false),
                #[cfg(feature = "tempfile")]
                borrowed: super::tempfile::Borrowed::default(),
            }),
        })
    }

    /// Returns the path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Keeps the directory however the test ends.
    pub fn keep(&self) {
        self.inner.kept.store(true, Ordering::Relaxed);
        if let Some(Dir::Parent(resource, ask)) = &*self.dir() {
            let resource = *resource;
            // A parent that cannot be told is about to end this process.
            let _ = ask(Call::KeepDir { resource });
        }
    }

    /// Removes the directory now, and tells what the end of the test would pass over in silence.
    ///
    /// # Errors
    ///
    /// Fails when something in it cannot be removed; what is left is removed when the process ends,
    /// or by a later one.
    pub fn close(&self) -> Result<(), Error> {
        let dir = self.dir().take();
        match dir {
            Some(Dir::Here(dir)) => discard(dir)
                .map_err(|error| Error::path(ErrorKind::TmpDir, "remove", self.path(), error)),
            Some(Dir::Parent(resource, ask)) => {
                ask(Call::CloseDir { resource }).map_err(|refused| {
                    let cause = std::io::Error::other(refused);
                    Error::path(ErrorKind::TmpDir, "remove", self.path(), cause)
                })
            }
            None => Ok(()),
        }
    }

    /// Tells whether the directory outlives a test that ends like this.
    pub(crate) fn is_kept(&self, outcome: Outcome) -> bool {
        let stands = self.dir().is_some();
        stands
            && (self.inner.kept.load(Ordering::Relaxed)
                || match self.inner.keep {
                    Keep::Always => true,
                    Keep::Failure => outcome == Outcome::Failed,
                    Keep::Never => false,
                })
    }

    /// Keeps or removes the directory at the end of the test.
    ///
    /// That something still writes into it is no reason to fail: it goes when the process ends.
    pub(crate) fn finish(&self, outcome: Outcome) -> Result<(), Error> {
        let is_kept = self.is_kept(outcome);
        let Some(Dir::Here(dir)) = self.dir().take() else {
            return Ok(());
        };
        if is_kept {
            let path = dir.keep();
            return mark_kept(state_dir()?, &path)
                .map_err(|error| Error::path(ErrorKind::TmpDir, "keep", &path, error));
        }
        let _ = discard(dir);
        Ok(())
    }

    #[cfg(feature = "tempfile")]
    pub(super) fn borrowed(&self) -> &tempfile::TempDir {
        self.inner.borrowed.get(self)
    }

    fn dir(&self) -> MutexGuard<'_, Option<Dir>> {
        self.inner
            .dir
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A directory that was made here, and goes when this is dropped.
struct Made {
    path: PathBuf,
    is_kept: bool,
}

impl Made {
    /// Makes a directory for a test among those of its process.
    fn new(test: &str, state_dir: &StateDir, owner: &record::Record) -> io::Result<Self> {
        let name = short(test);
        loop {
            let name = format!("{name}-{}", random::word(6));
            match owner.create_dir(state_dir, &name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => {
                    return result.map(|path| Made {
                        path,
                        is_kept: false,
                    });
                }
            }
        }
    }

    /// Leaves the directory where it is.
    fn keep(mut self) -> PathBuf {
        self.is_kept = true;
        self.path.clone()
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = remove_tree(&self.path);
        }
    }
}

/// Removes a directory; what cannot be removed now is left to the sweep.
fn discard(dir: Made) -> io::Result<()> {
    remove_tree(&dir.keep())
}

/// Turns the name of a test into a part of a file name: `shop::pays::case_1` into `pays-case_1`.
fn short(test: &str) -> String {
    let mut parts = test.rsplit("::");
    let last = parts.next().unwrap_or_default();
    // The name of a case says nothing without that of its test; a module says little.
    let name = match parts.next().filter(|_| last.starts_with("case")) {
        Some(test) => format!("{test}-{last}"),
        None => last.to_owned(),
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.len() <= NAME && name.bytes().all(is_plain) {
        return name;
    }
    let plain = |c: char| u8::try_from(c).is_ok_and(is_plain);
    let chars = name.chars().take(NAME);
    let name: String = chars.map(|c| if plain(c) { c } else { '-' }).collect();
    name.trim_matches('-').to_owned()
}

/// Copies a tree into a directory, or one file; links are copied as links.
fn copy(from: &Path, into: &Path) -> io::Result<()> {
    if !fs::metadata(from)?.is_dir() {
        let name = from.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        return fs::copy(from, into.join(name)).map(drop);
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), into.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            os::copy_link(&source, &target)?;
        } else if kind.is_dir() {
            fs::create_dir(&target)?;
            copy(&source, &target)?;
            fs::set_permissions(&target, fs::metadata(&source)?.permissions())?;
        } else if kind.is_file() {
            fs::copy(&source, &target)?;
        } else {
            let what = format!("`{}` is no file, directory or link", source.display());
            return Err(io::Error::other(what));
        }
    }
    Ok(())
}

impl Deref for TmpDir {
    type Target = Path;

    fn deref(&self) -> &Path {
        self.path()
    }
}

impl AsRef<Path> for TmpDir {
    fn as_ref(&self) -> &Path {
        self.path()
    }
}

impl fmt::Debug for TmpDir {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("TmpDir")
            .field(&self.inner.path)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{NAME, short};

    #[test]
    fn directories_are_named_after_their_test() {
        assert_eq!(short("shop::it_pays"), "it_pays");
        assert_eq!(short("shop::pays::case_1_cash"), "pays-case_1_cash");
        assert_eq!(short("case_sensitive"), "case_sensitive");
        assert_eq!(short("shop::r#type"), "r-type");
        assert_eq!(short("größe"), "gr--e");
        assert!(short(&"long_".repeat(20)).len() <= NAME);
    }
}
