//! The directory beside a record in which programs that a test has started lock what the test
//! holds.
//!
//! Such a program creates the directory, not the process of the record. So the directory contains
//! its own marker, which proves that it is ours. It is removed with the record.

use std::fs;
use std::io;
use std::io::ErrorKind::{AlreadyExists, NotFound};
use std::path::{Path, PathBuf};

use super::StateDir;
use super::mark::Mark;
use super::proof::{Origin, WITHIN, origin_at};
use super::sweep::remove_tree;
use crate::error::{Error, ErrorKind};
use crate::os::{self, unless};

/// The extension of the directory.
pub(super) const ENDING: &str = "within";

/// The name of the marker in the directory.
const MARKER: &str = "isolated-test.within";

/// Creates the directory for the locks within one test or guard, unless it exists.
pub(crate) fn make(state_dir: &StateDir, mark: &Mark) -> Result<PathBuf, Error> {
    let all = state_dir.runs().join(mark.record()).with_extension(ENDING);
    let dir = all.join(format!("{}-{}", mark.block(), mark.since()));
    let made = state_dir
        .ensure_dir(&all)
        .and_then(|()| prove(state_dir, &all.join(MARKER)))
        .and_then(|()| state_dir.ensure_dir(&dir));
    let action = "make a directory for locks";
    made.map_err(|error| Error::path(ErrorKind::State, action, &dir, error))?;
    Ok(dir)
}

fn prove(state_dir: &StateDir, marker: &Path) -> io::Result<()> {
    let new = unless(AlreadyExists, state_dir.create(marker))?;
    new.map_or(Ok(()), |file| os::write_at(&file, WITHIN.as_bytes(), 0))
}

/// Removes the directory beside a record, if it is ours. Returns whether nothing of ours is left.
pub(super) fn remove(record: &Path) -> bool {
    let dir = record.with_extension(ENDING);
    // Its creator may have died before writing the marker, leaving the directory or the marker
    // empty.
    if unless(NotFound, fs::remove_dir(&dir)).is_ok() {
        return true;
    }
    match is_proven(&dir) {
        Ok(true) => remove_tree(&dir).is_ok(),
        Ok(false) => true,
        Err(_) => false,
    }
}

/// Whether a directory beside a record is ours.
pub(super) fn is_ours(record: &Path) -> bool {
    is_proven(&record.with_extension(ENDING)).is_ok_and(|is_proven| is_proven)
}

fn is_proven(dir: &Path) -> io::Result<bool> {
    let origin = origin_at(&dir.join(MARKER), WITHIN)?;
    Ok(matches!(origin, Some(Origin::Ours | Origin::Empty)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{ENDING, make};
    use crate::state::mark::Mark;
    use crate::state::{StateDir, Trust, sweep};

    #[test]
    fn a_directory_without_its_record_is_swept() {
        let base = tempfile::tempdir().unwrap();
        let state_dir = StateDir::open(base.path(), Trust::Anybody).unwrap();
        let dir = make(&state_dir, &Mark::new("abcdef", 1, 1)).unwrap();
        fs::write(dir.join("k-a"), "+").unwrap();
        let theirs = state_dir.runs().join("ghijkl").with_extension(ENDING);
        fs::create_dir(&theirs).unwrap();
        fs::write(theirs.join("data"), "precious").unwrap();
        sweep::sweep(&state_dir, Path::new(""));
        assert!(!dir.exists());
        assert_eq!(fs::read(theirs.join("data")).unwrap(), b"precious");
    }
}
