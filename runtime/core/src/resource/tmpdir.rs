//! Temporary directories of tests.

use std::fmt;
use std::fs;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::Outcome;
use super::remote::{Ask, Call};
use crate::config::{Keep, variables};
use crate::error::{Error, ErrorKind};
use crate::mutex::lock;
use crate::os;
use crate::random;
use crate::state::record::{self, record};
use crate::state::{StateDir, mark_kept, remove_tree, state_dir};

/// Maximum number of bytes of a test's name in the name of its directory.
///
/// The whole path of a Unix socket must fit into 107 bytes.
const NAME: usize = 24;

/// A fresh temporary directory that belongs to one test.
///
/// The type dereferences to [`Path`]. When the test passes, the directory is removed. When the test
/// fails, the directory is kept and its path is printed. The argument `keep = "..."` and the
/// variable `ISOLATED_KEEP` change this. A kept directory stays for one day, and after that for as
/// long as it is among the newest 32.
///
/// The path is short enough for Unix sockets and contains no spaces. Only the current user can read
/// the directory. It is removed even if the test has made parts of it unreadable.
///
/// Clones are handles to the same directory.
///
/// # When the process dies
///
/// The directory stays until another process on this machine begins its first isolated test and
/// removes it.
#[derive(Clone)]
pub struct TmpDir {
    inner: Arc<Inner>,
}

struct Inner {
    /// The name of the test.
    test: Box<str>,
    path: PathBuf,
    /// `None` once the test is over or the directory has been closed.
    dir: Mutex<Option<Dir>>,
    keep: Mutex<Keep>,
    /// The directory that parameters borrow, made when the first one does.
    #[cfg(feature = "tempfile")]
    borrowed: std::sync::OnceLock<tempfile::TempDir>,
}

/// The process that removes a directory.
enum Dir {
    Here,
    /// The parent of this process, which knows the directory by the index of the resource.
    Parent(usize, Ask),
}

impl TmpDir {
    /// Takes over a directory that the parent of this process made.
    pub(crate) fn of_parent(path: PathBuf, resource: usize, ask: Ask) -> Self {
        TmpDir::owned_by("", path, Dir::Parent(resource, ask), Keep::Never)
    }

    fn owned_by(test: &str, path: PathBuf, dir: Dir, keep: Keep) -> Self {
        TmpDir {
            inner: Arc::new(Inner {
                test: test.into(),
                path,
                dir: Mutex::new(Some(dir)),
                keep: Mutex::new(keep),
                #[cfg(feature = "tempfile")]
                borrowed: std::sync::OnceLock::new(),
            }),
        }
    }

    /// Makes a directory for a test.
    pub(crate) fn create(
        test: &str,
        from: &[impl AsRef<Path>],
        keep: Option<Keep>,
    ) -> Result<Self, Error> {
        let fail =
            |error| Error::new(ErrorKind::TmpDir, "make a temporary directory").because(error);
        let keep = variables()?.keep.or(keep).unwrap_or(Keep::Failure);
        let (state_dir, owner) = (state_dir()?, record()?);
        let path = match make(test, state_dir, &owner) {
            // The state directory was emptied while this process uses it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let owner = record::renew(&owner)?;
                make(test, state_dir, &owner)
            }
            result => result,
        }
        .map_err(fail)?;
        for from in from.iter().map(AsRef::as_ref) {
            if let Err(error) = copy(from, &path) {
                let _ = remove_tree(&path);
                return Err(Error::path(
                    ErrorKind::TmpDir,
                    "copy the fixture",
                    from,
                    error,
                ));
            }
        }
        Ok(TmpDir::owned_by(test, path, Dir::Here, keep))
    }

    /// Returns the path of the directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Keeps the directory, whatever the outcome of the test.
    pub fn keep(&self) {
        *lock(&self.inner.keep) = Keep::Always;
        if let Some(Dir::Parent(resource, ask)) = &*self.dir() {
            let resource = *resource;
            // A parent that cannot be reached is about to end this process.
            let _ = ask(Call::KeepDir { resource });
        }
    }

    /// Removes the directory now, and reports the errors that the end of the test would ignore.
    ///
    /// # Errors
    ///
    /// Fails if something in the directory cannot be removed. The rest is removed when the process
    /// ends, or by a later process.
    pub fn close(&self) -> Result<(), Error> {
        let dir = self.dir().take();
        match dir {
            // The sweep removes what cannot be removed now.
            Some(Dir::Here) => remove_tree(self.path())
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

    /// Whether the directory outlives a test with this outcome.
    pub(crate) fn is_kept(&self, outcome: Outcome) -> bool {
        let is_wanted = match *lock(&self.inner.keep) {
            Keep::Always => true,
            Keep::Failure => outcome == Outcome::Failed,
            Keep::Never => false,
        };
        is_wanted && self.dir().is_some()
    }

    /// Keeps or removes the directory at the end of the test.
    ///
    /// Failing to remove it is not an error, because something may still write into it: the
    /// directory is removed when the process ends.
    pub(crate) fn finish(&self, outcome: Outcome) -> Result<(), Error> {
        let is_kept = self.is_kept(outcome);
        let Some(Dir::Here) = self.dir().take() else {
            return Ok(());
        };
        if is_kept {
            return mark_kept(state_dir()?, self.path(), &self.inner.test)
                .map_err(|error| Error::path(ErrorKind::TmpDir, "keep", self.path(), error));
        }
        let _ = remove_tree(self.path());
        Ok(())
    }

    #[cfg(feature = "tempfile")]
    pub(super) fn borrowed(&self) -> &std::sync::OnceLock<tempfile::TempDir> {
        &self.inner.borrowed
    }

    fn dir(&self) -> MutexGuard<'_, Option<Dir>> {
        lock(&self.inner.dir)
    }
}

/// Makes a directory for a test, beside the others of this process.
fn make(test: &str, state_dir: &StateDir, owner: &record::Record) -> io::Result<PathBuf> {
    let name = short(test);
    loop {
        let name = format!("{name}-{}", random::word(6));
        match owner.create_dir(state_dir, &name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result,
        }
    }
}

/// Shortens the name of a test to a part of a file name: `shop::pays::case_1` into `pays-case_1`.
fn short(test: &str) -> String {
    let mut parts = test.rsplit("::");
    let last = parts.next().unwrap_or_default();
    // A case means little without the name of its test; a module adds little.
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

/// Copies one file or the content of a tree into a directory. Links within are copied as links.
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

/// Ends a directory that no test has adopted.
impl Drop for Inner {
    fn drop(&mut self) {
        let is_here = matches!(*lock(&self.dir), Some(Dir::Here));
        if is_here && *lock(&self.keep) == Keep::Always {
            let _ = state_dir().map(|state_dir| mark_kept(state_dir, &self.path, &self.test));
        } else if is_here {
            let _ = remove_tree(&self.path);
        }
    }
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
