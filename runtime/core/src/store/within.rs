//! The directory beside a record in which programs that a test has started lock what the test holds.
//!
//! Such a program makes it, and not the process whose record it is. So it has a marker of its own that
//! proves that it is ours; it goes with the record.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Store;
use super::mark::Mark;
use super::proof::{Origin, WITHIN, origin_at};
use super::sweep::remove_tree;
use crate::error::{Error, ErrorKind};
use crate::sys;

/// The ending of the name of the directory.
pub(super) const ENDING: &str = "within";

/// The name of the marker in it.
const MARKER: &str = "isolated-test.within";

/// Makes the directory for the locks of one test, unless it is there.
pub(crate) fn make(store: &Store, mark: &Mark) -> Result<PathBuf, Error> {
    let all = store.runs().join(mark.record()).with_extension(ENDING);
    let dir = all.join(format!("{}-{}", mark.block(), mark.since()));
    let made = make_dir(store, &all)
        .and_then(|()| prove(store, &all.join(MARKER)))
        .and_then(|()| make_dir(store, &dir));
    match made {
        Ok(()) => Ok(dir),
        Err(error) => {
            let action = "make a directory for locks";
            Err(Error::path(ErrorKind::State, action, &dir, error))
        }
    }
}

fn make_dir(store: &Store, dir: &Path) -> io::Result<()> {
    match store.create_dir(dir, store.dir_mode()) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

fn prove(store: &Store, marker: &Path) -> io::Result<()> {
    match store.create(marker) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => sys::write_at(&result?, WITHIN.as_bytes(), 0),
    }
}

/// Removes the directory beside a record, if it is ours.
pub(super) fn remove(record: &Path) {
    let dir = record.with_extension(ENDING);
    // Its creator may have died before writing the marker, and left it or the directory empty.
    if fs::remove_dir(&dir).is_ok() {
        return;
    }
    if let Ok(Some(Origin::Ours | Origin::Empty)) = origin_at(&dir.join(MARKER), WITHIN) {
        let _ = remove_tree(&dir);
    }
}
