//! How we recognise what is ours: by its first line, which includes a version.
//!
//! Nothing is deleted without that proof. The one exception is an empty file, which a process
//! leaves if it dies between creating and writing the file. There the name is the proof, and no
//! content can be lost.

use std::fs::{self, File};
use std::io::ErrorKind::NotFound;
use std::io::{self, Read};
use std::path::Path;

use crate::os::unless;

/// The first line of the file that marks a state directory.
pub(crate) const STATE: &str = "isolated-test state 1\n";

/// The first line of a record.
pub(crate) const RECORD: &str = "isolated-test record 1\n";

/// The first line of the marker beside a kept directory.
pub(crate) const KEPT: &str = "isolated-test kept 1\n";

/// The first line of the marker in a directory for locks within a test.
pub(crate) const WITHIN: &str = "isolated-test within 1\n";

/// The first line of the file in which a host publishes its handle.
#[cfg(unix)]
pub(crate) const HOST: &str = "isolated-test host 1\n";

/// The origin of a file, as far as its first line shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// This version of isolated-test.
    Ours,
    /// Another version of isolated-test, to which the file may mean something else.
    OtherVersion,
    /// Unknown: the file is empty.
    Empty,
    /// Somebody else.
    Foreign,
}

/// Determines the origin of an open file from its first line; `line` is ours.
pub(crate) fn origin_of(file: &File, line: &str) -> io::Result<Origin> {
    if !file.metadata()?.is_file() {
        return Ok(Origin::Foreign);
    }
    let mut begin = Vec::with_capacity(line.len());
    file.take(line.len() as u64).read_to_end(&mut begin)?;
    Ok(origin(&begin, line))
}

/// The same for the file at a path, which may not exist; links are not followed.
pub(crate) fn origin_at(path: &Path, line: &str) -> io::Result<Option<Origin>> {
    let found = unless(NotFound, fs::symlink_metadata(path))?;
    if found.is_some_and(|found| !found.is_file()) {
        return Ok(Some(Origin::Foreign));
    }
    let file = unless(NotFound, File::open(path))?;
    file.map(|file| origin_of(&file, line)).transpose()
}

fn origin(begin: &[u8], line: &str) -> Origin {
    // Everything before the version.
    let stem = line
        .trim_end()
        .trim_end_matches(|c: char| c.is_ascii_digit());
    if begin.is_empty() {
        Origin::Empty
    } else if begin == line.as_bytes() {
        Origin::Ours
    } else if begin.starts_with(stem.as_bytes()) {
        Origin::OtherVersion
    } else {
        Origin::Foreign
    }
}

#[cfg(test)]
mod tests {
    use super::{Origin, RECORD, origin};

    #[test]
    fn only_the_whole_first_line_is_proof() {
        for (begin, expected) in [
            ("isolated-test record 1\n", Origin::Ours),
            ("", Origin::Empty),
            ("isolated-test record 1", Origin::OtherVersion),
            ("isolated-test record 2\n", Origin::OtherVersion),
            ("isolated-test record 12", Origin::OtherVersion),
            ("isolated-test kept 1\n", Origin::Foreign),
            ("isolated-test", Origin::Foreign),
            ("process 42\n", Origin::Foreign),
            ("\0\0", Origin::Foreign),
        ] {
            assert_eq!(origin(begin.as_bytes(), RECORD), expected, "{begin:?}");
        }
    }
}
