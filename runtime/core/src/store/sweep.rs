//! Removes what dead processes left, and nothing else.
//!
//! A process is dead when its record can be locked. Its directories go first and the record last,
//! so that a sweeper which is killed itself leaves a record for the next one to find.
//!
//! Directories that were kept on purpose stay where they are, because their path has been printed.
//! Who keeps one counts them: the newest [`RETAINED`] of the whole state directory survive. A process
//! that keeps nothing does not look at them, because most begin and end without, and often.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Store;
use super::record::ENDING;
use crate::lock::file;
use crate::sys;

/// How many kept directories survive.
pub(crate) const RETAINED: usize = 32;

/// The ending of the names of markers, which stand beside kept directories.
const KEPT: &str = "kept";

/// Says that a directory is kept on purpose, in the place of the oldest if there are too many.
///
/// Those of this process stay, however many: they are named in one report.
pub(crate) fn mark_kept(store: &Store, dir: &Path) -> io::Result<()> {
    fs::File::create(marker(dir))?;
    let mut kept = Vec::new();
    for process in entries(store.runs()) {
        if process.extension() != Some(OsStr::new(ENDING)) {
            kept.extend(entries(&process).filter(|path| is_marker(path) && stands(path)));
        }
    }
    retain(kept, dir.parent());
    Ok(())
}

fn marker(dir: &Path) -> PathBuf {
    let mut name = dir.as_os_str().to_owned();
    name.push(".");
    name.push(KEPT);
    name.into()
}

/// Removes what dead processes left; what cannot be removed now is left for the next sweep. The
/// process that sweeps lives.
pub(super) fn sweep(store: &Store, mine: &Path) {
    for entry in entries(store.runs()) {
        if entry.extension() == Some(OsStr::new(ENDING)) && entry != mine {
            let _ = sweep_one(&entry);
        }
    }
}

fn is_marker(path: &Path) -> bool {
    path.extension() == Some(OsStr::new(KEPT))
}

/// Tells whether the directory of a marker is still there; people remove them by hand.
fn stands(marker: &Path) -> bool {
    let stands = marker.with_extension("").exists();
    if !stands && fs::remove_file(marker).is_ok() {
        let _ = marker.parent().map(fs::remove_dir);
    }
    stands
}

/// Removes what the owner of one record left, if it is dead.
fn sweep_one(record: &Path) -> io::Result<()> {
    let owner = sys::open_file(record)?;
    if file::try_lock(&owner, file::Strength::Exclusive)? && sys::is_at(&owner, record)? {
        forget(record, Some(&record.with_extension("")));
    }
    Ok(())
}

/// Removes the temporary directories of a process, if it may have some, and then its record.
pub(super) fn forget(record: &Path, dir: Option<&Path>) {
    if dir.is_none_or(remove_dirs) {
        let _ = fs::remove_file(record);
    }
}

/// Removes the temporary directories of a process that are not kept, and tells whether they are gone.
fn remove_dirs(dir: &Path) -> bool {
    let mut clean = true;
    let mut keeps = false;
    for entry in entries(dir) {
        if is_marker(&entry) || marker(&entry).exists() {
            keeps = true;
        } else {
            clean &= remove_tree(&entry).is_ok();
        }
    }
    if !keeps && clean {
        // Nothing is in it any longer; in its place there may also be a link.
        clean = match fs::remove_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => remove(dir).is_ok(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
            Ok(()) => true,
        };
    }
    clean
}

/// Removes all but the newest kept directories and those below one directory.
fn retain(markers: Vec<PathBuf>, mine: Option<&Path>) {
    let mut newest_first: Vec<(SystemTime, PathBuf)> = Vec::with_capacity(markers.len());
    for marker in markers {
        let made = fs::metadata(&marker).and_then(|data| data.modified());
        let made = made.unwrap_or(SystemTime::UNIX_EPOCH);
        let at = newest_first.partition_point(|(other, _)| *other >= made);
        newest_first.insert(at, (made, marker));
    }
    for (_, marker) in newest_first.iter().skip(RETAINED) {
        if marker.parent() == mine {
            continue;
        }
        if remove_tree(&marker.with_extension("")).is_ok() && fs::remove_file(marker).is_ok() {
            // Only the last one out finds the directory of the process empty.
            let _ = marker.parent().map(fs::remove_dir);
        }
    }
}

/// Lists a directory, as far as it can be read.
///
/// Links are not followed: where others may write too, one may have been planted.
fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let is_dir = fs::symlink_metadata(dir).is_ok_and(|data| data.is_dir());
    is_dir
        .then(|| fs::read_dir(dir))
        .into_iter()
        .flatten()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
}

/// Removes a file or a tree, also when a test has taken permissions away from its directories.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    match remove(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path);
            remove(path)
        }
        result => result,
    }
}

fn remove(path: &Path) -> io::Result<()> {
    // Most tests leave their directory empty, or empty it; then one call is enough. It follows no
    // link, and whatever it refuses is looked at.
    if fs::remove_dir(path).is_ok() {
        return Ok(());
    }
    let result = match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Gives back the permissions on all directories of a tree; links are not followed.
fn open_up(path: &Path) {
    if fs::symlink_metadata(path).is_ok_and(|data| data.is_dir()) && sys::unlock_dir(path).is_ok() {
        for entry in entries(path) {
            open_up(&entry);
        }
    }
}
