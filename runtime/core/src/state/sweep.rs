//! Removes what dead processes left, and nothing else.
//!
//! A process is dead when its record can be locked. Its directories go first and the record last,
//! so that a sweeper that is killed itself leaves a record for the next one to find.
//!
//! A file with the name of a record is a record only if its first line is ours: see
//! [`proof`](super::proof). The directory beside it is removed only if it is empty, or if the
//! record states that its process created that directory.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::StateDir;
use super::kept::{is_kept, is_marker};
use super::proof::{Origin, RECORD, origin_of};
use super::record::{ENDING, OWNS_DIR, is_ours_by_name};
use super::{reclaim, within};
use crate::os;
use crate::os::flock;

/// Removes what dead processes left. Anything that cannot be removed now is left for the next
/// sweep. `mine` is the record of this process, which is alive.
pub(super) fn sweep(state_dir: &StateDir, mine: &Path) {
    for entry in entries(state_dir.runs()) {
        if has_name(&entry, ENDING) && entry != mine {
            let _ = sweep_one(&entry);
        } else if has_name(&entry, within::ENDING) {
            // A program may have created it at the moment at which the record was removed.
            let record = entry.with_extension(ENDING);
            if record.symlink_metadata().is_err() {
                within::remove(&record);
            }
        }
    }
    #[cfg(unix)]
    super::host::sweep(state_dir);
}

/// Whether a path has one of our names, with this extension.
pub(super) fn has_name(path: &Path, ending: &str) -> bool {
    let name = path.file_name().and_then(OsStr::to_str);
    path.extension() == Some(OsStr::new(ending)) && name.is_some_and(is_ours_by_name)
}

/// Removes what the process of one record left, if the process is dead.
fn sweep_one(record: &Path) -> io::Result<()> {
    if let RecordState::Dead(dead) = examine(record)? {
        dead.forget()?;
    }
    Ok(())
}

/// The state of a record.
pub(super) enum RecordState {
    /// Its process is alive.
    Alive,
    Dead(DeadRecord),
    /// The file has the name of a record, but another version or somebody else has written it.
    NotOurs,
}

/// The record of a dead process. It is locked, so that no other process sweeps it.
pub(super) struct DeadRecord {
    file: File,
    path: PathBuf,
    /// Whether the process created the directory beside the record.
    pub(super) owns_dir: bool,
}

/// Locks a record if its process is dead.
pub(super) fn examine(path: &Path) -> io::Result<RecordState> {
    let file = os::open_file(path)?;
    if !flock::try_lock(&file, flock::Strength::Exclusive)? || !os::is_at(&file, path)? {
        return Ok(RecordState::Alive);
    }
    // Only now is it certain that nobody writes to the record any longer.
    let origin = origin_of(&file, RECORD)?;
    if !matches!(origin, Origin::Ours | Origin::Empty) {
        return Ok(RecordState::NotOurs);
    }
    Ok(RecordState::Dead(DeadRecord {
        owns_dir: origin == Origin::Ours && owns_dir(&file)?,
        file,
        path: path.to_owned(),
    }))
}

impl DeadRecord {
    /// Whether this process can remove everything that the record describes.
    pub(super) fn is_known(&self) -> io::Result<bool> {
        reclaim::is_known(&self.file)
    }

    /// Removes the files of the process, and then its record.
    pub(super) fn forget(&self) -> io::Result<()> {
        let is_reclaimed = reclaim::all(&self.file)?;
        forget(&self.path, self.owns_dir, is_reclaimed);
        Ok(())
    }
}

/// Whether a record states that its process created the directory beside it. The first line has
/// already been read.
fn owns_dir(record: &File) -> io::Result<bool> {
    let mut line = Vec::new();
    record.take(OWNS_DIR.len() as u64).read_to_end(&mut line)?;
    Ok(line == OWNS_DIR.as_bytes())
}

/// Removes the temporary directories of a process, if they are its own, and then its record, unless
/// that describes something that is left.
pub(super) fn forget(record: &Path, owns_dir: bool, is_reclaimed: bool) {
    let dir = record.with_extension("");
    let is_clean = if owns_dir {
        remove_dirs(&dir)
    } else {
        // A process that was killed after creating the directory has left it empty. Nothing else is
        // removed.
        let _ = fs::remove_dir(dir);
        true
    };
    if within::remove(record) && is_clean && is_reclaimed {
        let _ = fs::remove_file(record);
    }
}

/// Removes the temporary directories of a process that are not kept. Returns whether they are gone.
fn remove_dirs(dir: &Path) -> bool {
    let mut clean = true;
    let mut keeps = false;
    for entry in entries(dir) {
        if is_marker(&entry) || is_kept(&entry) {
            keeps = true;
        } else {
            clean &= remove_tree(&entry).is_ok();
        }
    }
    if keeps || !clean {
        return clean;
    }
    // The directory is empty now. If it is not a directory, somebody else has put it there.
    let is_gone = |error: io::Error| matches!(error.kind(), NotFound | NotADirectory);
    fs::remove_dir(dir).map_or_else(is_gone, |()| true)
}

/// Lists a directory, as far as it can be read.
///
/// Links are not followed: where others may write too, one may have been planted.
pub(super) fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let is_dir = fs::symlink_metadata(dir).is_ok_and(|data| data.is_dir());
    is_dir
        .then(|| fs::read_dir(dir))
        .into_iter()
        .flatten()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
}

/// Removes a file or a tree, even if a test has removed permissions from its directories.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    match remove(path) {
        Err(error) if error.kind() == PermissionDenied => {
            open_up(path);
            remove(path)
        }
        result => result,
    }
}

fn remove(path: &Path) -> io::Result<()> {
    // Most tests leave their directory empty, or empty it. Then one system call is enough. It
    // follows no link, and anything that it refuses is examined below.
    if fs::remove_dir(path).is_ok() {
        return Ok(());
    }
    let result = match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    os::unless(NotFound, result).map(drop)
}

/// Restores the permissions on all directories of a tree, without following links.
fn open_up(path: &Path) {
    if fs::symlink_metadata(path).is_ok_and(|data| data.is_dir()) && os::unlock_dir(path).is_ok() {
        for entry in entries(path) {
            open_up(&entry);
        }
    }
}
