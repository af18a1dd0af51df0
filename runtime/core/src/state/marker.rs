//! The file that marks a directory as a state directory, and the refusal of directories without it.
//!
//! `ISOLATED_DIR` may point anywhere. A directory becomes ours only if it is empty, or if it
//! contains nothing but our own files: cleaners of `/tmp` may have removed only the marker.

use std::fs;
use std::io;
use std::io::ErrorKind::AlreadyExists;
use std::path::Path;

use super::proof::{Origin, STATE, origin_at};
use super::{StateDir, record};
use crate::os::unless;

/// The name of the marker.
const MARKER: &str = "isolated-test.state";

/// The human-readable explanation in the marker.
const NOTE: &str = "Tests that are annotated with `#[isolated]` keep locks, records and temporary \
    directories here.\nDo not put anything else here. The whole directory can be deleted while no \
    such test runs.\n";

/// Claims a directory as ours, or refuses it.
pub(super) fn claim(root: &Path, state_dir: &StateDir) -> io::Result<()> {
    let path = root.join(MARKER);
    loop {
        match origin_at(&path, STATE)? {
            Some(Origin::Ours) => return Ok(()),
            // The creator of the marker died before writing it, or the disk was full.
            Some(Origin::Empty) => {
                write(&path);
                return Ok(());
            }
            Some(Origin::OtherVersion) => return Err(io::Error::other(OTHER_VERSION)),
            // Whoever makes the marker, it is examined next.
            None if has_only_ours(root)? => {
                unless(AlreadyExists, state_dir.create_in_place(&path))?;
            }
            // Another process has marked and used the directory since we looked.
            None if path.exists() => {}
            Some(Origin::Foreign) | None => return Err(io::Error::other(NOT_OURS)),
        }
    }
}

/// Refuses a directory that [`claim`] would refuse. Changes nothing.
pub(super) fn refuse_foreign(root: &Path) -> io::Result<()> {
    match origin_at(&root.join(MARKER), STATE)? {
        Some(Origin::Ours | Origin::Empty) => Ok(()),
        Some(Origin::OtherVersion) => Err(io::Error::other(OTHER_VERSION)),
        None if has_only_ours(root)? => Ok(()),
        Some(Origin::Foreign) | None => Err(io::Error::other(NOT_OURS)),
    }
}

const OTHER_VERSION: &str = "another version of isolated-test has made it; use one version \
    everywhere, or set `ISOLATED_DIR` to an empty or a new directory";

const NOT_OURS: &str = "it is not empty and no state directory of isolated-test; set `ISOLATED_DIR` \
    to an empty or a new directory";

/// Writes the marker. On a full disk, an empty one has to do.
fn write(path: &Path) {
    let _ = fs::write(path, format!("{STATE}{NOTE}"));
}

/// Whether every name in a state directory is one of ours.
fn has_only_ours(root: &Path) -> io::Result<bool> {
    are_all(root, |name| match name {
        MARKER => Ok(true),
        "locks" => is_room(&root.join(name), is_lock),
        "runs" => is_room(&root.join(name), record::is_ours_by_name),
        "hosts" => is_room(&root.join(name), is_host),
        _ => Ok(false),
    })
}

/// Whether a path is a directory in which all names are ours.
fn is_room(path: &Path, is_ours: fn(&str) -> bool) -> io::Result<bool> {
    Ok(fs::symlink_metadata(path)?.is_dir() && are_all(path, |name| Ok(is_ours(name)))?)
}

fn are_all(dir: &Path, is_ours: impl Fn(&str) -> io::Result<bool>) -> io::Result<bool> {
    for entry in fs::read_dir(dir)? {
        let is_ours = entry?.file_name().to_str().map(&is_ours);
        if !is_ours.transpose()?.unwrap_or(false) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether this is the name of a lock file.
fn is_lock(name: &str) -> bool {
    ["k-", "i-", "everyone", "number-", "port-"]
        .iter()
        .any(|begin| name.starts_with(begin))
}

/// Whether this is the name of a host's directory, which ends with 16 hexadecimal digits.
fn is_host(name: &str) -> bool {
    let hash = name.rsplit_once('-').map_or("", |(_, hash)| hash);
    hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::is_lock;

    #[test]
    fn all_names_of_lock_files_are_ours() {
        // The subjects of `lock`, which this layer does not know, and held ports.
        for name in [
            "everyone.turn",
            "k-tcp",
            "k-db@shop.s0",
            "i-tcp",
            "number-7835",
            "port-20000",
        ] {
            assert!(is_lock(name), "{name}");
        }
        for name in ["", "lock", "numbers", "key-tcp"] {
            assert!(!is_lock(name), "{name}");
        }
    }
}
