//! Directories that were kept on purpose, and how long they stay.
//!
//! Their paths have been printed, so they must exist for as long as users come back to them. Each
//! stays for [`A_WHILE`], and after that for as long as it is among the newest [`RETAINED`] of the
//! whole state directory. A process that keeps a directory enforces this. A process that keeps
//! nothing does not look at kept directories, because most processes are such, and they start
//! often.
//!
//! Age decides only about directories whose marker proves that they were kept, never about whether
//! a process is alive.

use std::cmp::Reverse;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::StateDir;
use super::proof::{KEPT as PROOF, Origin, origin_at};
use super::record::{self, IN};
use super::sweep::{entries, remove_tree};
use crate::os;

/// How long every kept directory stays.
const A_WHILE: Duration = Duration::from_secs(24 * 60 * 60);

/// How many of the newest kept directories stay after that.
const RETAINED: usize = 32;

/// The extension of markers, which are beside kept directories.
const KEPT: &str = "kept";

/// The beginning of the line that names the test in a marker.
const TEST: &str = "test ";

/// Marks the directory of a test as kept. The first call in a process also removes kept directories that have
/// expired.
pub(crate) fn mark_kept(state_dir: &StateDir, dir: &Path, test: &str) -> io::Result<()> {
    static HAS_LOOKED: AtomicBool = AtomicBool::new(false);

    // A test may have created the file itself. Then nothing proves that it is ours.
    if let Some(file) = os::unless(io::ErrorKind::AlreadyExists, state_dir.create(&marker(dir)))? {
        // On a full disk the marker stays empty, and the directory stays until somebody removes it.
        let place = record::place().unwrap_or_default();
        let content = format!("{PROOF}{TEST}{test}\n{place}");
        let _ = os::write_at(&file, content.as_bytes(), 0);
    }
    if HAS_LOOKED.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let mut kept = Vec::new();
    for process in entries(state_dir.runs()) {
        // On Windows, a directory that is being read cannot be removed.
        let markers: Vec<_> = entries(&process).filter(|path| is_marker(path)).collect();
        kept.extend(markers.into_iter().filter(|path| stands(path)));
    }
    retain(kept, os::real_time());
    Ok(())
}

fn marker(dir: &Path) -> PathBuf {
    let mut name = dir.as_os_str().to_owned();
    name.push(".");
    name.push(KEPT);
    name.into()
}

/// Whether a path has the name of a marker.
pub(super) fn is_marker(path: &Path) -> bool {
    path.extension() == Some(OsStr::new(KEPT))
}

/// Whether there is a marker beside a directory.
pub(super) fn is_kept(dir: &Path) -> bool {
    marker(dir).symlink_metadata().is_ok()
}

/// A kept directory that still exists.
pub(crate) struct KeptDir {
    pub(crate) path: PathBuf,
    /// The test that used it, if the marker names one.
    pub(crate) test: Option<String>,
    /// The directory of that test's package.
    pub(crate) directory: Option<PathBuf>,
    /// When it was marked.
    pub(crate) since: Option<SystemTime>,
    marker: PathBuf,
}

impl KeptDir {
    /// Removes the directory. Returns whether this call removed it, and not another process.
    pub(super) fn remove(&self) -> io::Result<bool> {
        remove_tree(&self.path)?;
        let is_mine = os::unless(io::ErrorKind::NotFound, fs::remove_file(&self.marker))?.is_some();
        // Succeeds only when the directory of the process is empty.
        let _ = self.marker.parent().map(fs::remove_dir);
        Ok(is_mine)
    }
}

/// Lists the directories in the directory of one process that are proven to be kept.
pub(super) fn kept_in(process: &Path) -> impl Iterator<Item = KeptDir> {
    let markers = entries(process).filter(|path| is_marker(path) && is_proven(path));
    markers.filter_map(|marker| {
        let path = marker.with_extension("");
        path.symlink_metadata().ok()?;
        let text = fs::read_to_string(&marker).ok()?;
        let line = |begin| text.lines().find_map(|line| line.strip_prefix(begin));
        let since = fs::symlink_metadata(&marker).and_then(|data| data.modified());
        Some(KeptDir {
            path,
            test: line(TEST).map(str::to_owned),
            directory: line(IN).map(PathBuf::from),
            since: since.ok(),
            marker,
        })
    })
}

fn is_proven(marker: &Path) -> bool {
    matches!(origin_at(marker, PROOF), Ok(Some(Origin::Ours)))
}

/// Whether the directory of a marker still exists. Users remove such directories manually; then
/// this removes the marker, too.
fn stands(marker: &Path) -> bool {
    let stands = marker.with_extension("").exists();
    if !stands && is_proven(marker) && fs::remove_file(marker).is_ok() {
        let _ = marker.parent().map(fs::remove_dir);
    }
    stands
}

/// Removes the kept directories that are neither new nor among the newest.
fn retain(markers: Vec<PathBuf>, now: SystemTime) {
    let dated = markers.into_iter().map(|marker| {
        // A marker that cannot be dated counts as new.
        let made = fs::symlink_metadata(&marker).and_then(|data| data.modified());
        (Reverse(made.unwrap_or(now)), marker)
    });
    let mut newest_first: Vec<_> = dated.collect();
    newest_first.sort();
    for (Reverse(made), marker) in newest_first.iter().skip(RETAINED) {
        let is_old = now.duration_since(*made).is_ok_and(|age| age >= A_WHILE);
        if is_old
            && is_proven(marker)
            && remove_tree(&marker.with_extension("")).is_ok()
            && fs::remove_file(marker).is_ok()
        {
            // Succeeds only when the directory of the process is empty.
            let _ = marker.parent().map(fs::remove_dir);
        }
    }
}
