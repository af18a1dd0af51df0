//! The state directory: where it is, who owns it, and what it contains.
//!
//! ```text
//! isolated-test-1000/          mode 0700, checked for owner and type, never behind a link
//!     isolated-test.state      marks the directory as ours
//!     locks/                   one or more files for each key; never deleted
//!     runs/4fz81k.isolated-test          one record for each process, locked while it lives
//!     runs/4fz81k/             the temporary directories of that process
//!     runs/4fz81k/it_works-x3q9/
//!     runs/4fz81k/it_works-x3q9.kept     marks the directory beside it as kept on purpose
//!     hosts/                   one directory for each running host
//! ```
//!
//! This module finds and creates the directory. [`marker`] refuses directories that are not ours,
//! and [`proof`] recognises files that are. [`record`] shows which processes are alive. [`sweep`]
//! removes what dead processes left, and [`kept`] removes what was kept for long enough.

use std::fs::File;
use std::io;
use std::io::ErrorKind::{AlreadyExists, NotFound};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub(crate) mod block;
pub(crate) mod clean;
#[cfg(unix)]
pub(crate) mod host;
mod kept;
pub(crate) mod mark;
mod marker;
pub(crate) mod proof;
pub(crate) mod reclaim;
pub(crate) mod record;
mod sweep;
pub(crate) mod within;

pub(crate) use kept::{KeptDir, mark_kept};
pub(crate) use sweep::remove_tree;

use crate::config::variables;
use crate::error::{Error, ErrorKind};
use crate::os::{self, FileOwner, unless};

/// An opened state directory.
pub(crate) struct StateDir {
    locks: PathBuf,
    runs: PathBuf,
    /// Created with the first host.
    #[cfg(unix)]
    hosts: PathBuf,
    /// The permissions of other users in the directory, and its sticky bit. None, unless the
    /// directory is shared on purpose.
    shared: u32,
    /// The owner of the directory, if this process runs as root and the directory belongs to
    /// another user. Everything in it has to belong to that user, or root would lock the user out.
    owner: Option<FileOwner>,
}

/// Returns the state directory of this process, and creates it if it does not exist.
pub(crate) fn state_dir() -> Result<&'static StateDir, Error> {
    static STATE_DIR: OnceLock<StateDir> = OnceLock::new();

    if let Some(state_dir) = STATE_DIR.get() {
        return Ok(state_dir);
    }
    let state_dir = match &variables()?.dir {
        Some(dir) => StateDir::open(dir, Trust::Anybody)?,
        None => StateDir::open(&os::default_state_dir(), Trust::User(os::user()))?,
    };
    Ok(STATE_DIR.get_or_init(|| state_dir))
}

/// Opens the state directory that this process would use, if it exists. Changes nothing.
pub(crate) fn existing() -> Result<Option<StateDir>, Error> {
    match &variables()?.dir {
        Some(dir) => StateDir::existing(dir, Trust::Anybody),
        None => StateDir::existing(&os::default_state_dir(), Trust::User(os::user())),
    }
}

/// The owners whose directory is acceptable.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trust {
    /// Only a directory of this user that is closed to others, because the place is open to
    /// everybody.
    User(u32),
    /// Any directory that the user has chosen, perhaps to share it.
    Anybody,
}

impl StateDir {
    /// Opens a state directory if it exists.
    fn existing(root: &Path, trust: Trust) -> Result<Option<Self>, Error> {
        let checked = unless(NotFound, check(root, trust)).and_then(|checked| {
            marker::refuse_foreign(root)?;
            Ok(checked)
        });
        let checked = unless(NotFound, checked).map_err(|error| refused(root, error))?;
        Ok(checked
            .flatten()
            .map(|(mode, owner)| StateDir::at(root, mode, owner)))
    }

    fn at(root: &Path, mode: u32, owner: Option<FileOwner>) -> Self {
        StateDir {
            locks: root.join("locks"),
            runs: root.join("runs"),
            #[cfg(unix)]
            hosts: root.join("hosts"),
            shared: mode & 0o1077,
            owner,
        }
    }

    /// Opens a state directory, or creates it.
    pub(crate) fn open(root: &Path, trust: Trust) -> Result<Self, Error> {
        let refuse = |error| refused(root, error);
        if let Trust::Anybody = trust {
            std::fs::create_dir_all(root).map_err(refuse)?;
        } else {
            unless(AlreadyExists, os::create_dir(root, 0o700)).map_err(refuse)?;
        }
        let (mode, owner) = check(root, trust).map_err(refuse)?;
        let state_dir = StateDir::at(root, mode, owner);
        state_dir.make_rooms(root).map_err(refuse)?;
        Ok(state_dir)
    }

    /// Marks the directory and creates its subdirectories, also if somebody has removed them
    /// meanwhile.
    fn make_rooms(&self, root: &Path) -> io::Result<()> {
        marker::claim(root, self)?;
        for room in [&self.locks, &self.runs] {
            self.ensure_dir(room)?;
        }
        Ok(())
    }

    /// The directory of the records and temporary directories.
    pub(crate) fn runs(&self) -> &Path {
        &self.runs
    }

    /// The directory of the hosts, which may not exist.
    #[cfg(unix)]
    pub(crate) fn hosts(&self) -> &Path {
        &self.hosts
    }

    /// The path of a record.
    pub(crate) fn record_path(&self, name: &str) -> PathBuf {
        self.runs.join(format!("{name}.{}", record::ENDING))
    }

    /// The path of a lock file.
    pub(crate) fn lock_path(&self, name: &str) -> PathBuf {
        self.locks.join(name)
    }

    /// The permissions of new directories.
    fn dir_mode(&self) -> u32 {
        0o700 | self.shared
    }

    /// The permissions of new files.
    fn file_mode(&self) -> u32 {
        0o600 | (self.shared & 0o066)
    }

    /// Opens a file, and creates it if it does not exist.
    pub(crate) fn open_or_create(&self, path: &Path) -> io::Result<File> {
        loop {
            if let Some(file) = unless(NotFound, os::open_file(path))? {
                return Ok(file);
            }
            if let Some(file) = unless(AlreadyExists, self.create(path))? {
                return Ok(file);
            }
        }
    }

    /// Creates a file that must be new. If the state directory was removed, creates that again
    /// first.
    pub(crate) fn create(&self, path: &Path) -> io::Result<File> {
        if let Some(file) = unless(NotFound, self.create_in_place(path))? {
            return Ok(file);
        }
        self.restore()?;
        self.create_in_place(path)
    }

    /// Creates the state directory again, which was removed while this process was running.
    fn restore(&self) -> io::Result<()> {
        if let Some(root) = self.runs.parent() {
            unless(AlreadyExists, os::create_dir(root, self.dir_mode()))?;
            self.make_rooms(root)?;
        }
        Ok(())
    }

    /// Creates the directory of a host, unless it exists.
    #[cfg(unix)]
    fn ensure_host_dir(&self, path: &Path) -> io::Result<()> {
        if unless(NotFound, self.ensure_dir(&self.hosts))?.is_none() {
            self.restore()?;
            self.ensure_dir(&self.hosts)?;
        }
        unless(NotFound, self.ensure_dir(path)).map(drop)
    }

    /// Creates a file that must be new, in a directory that must exist.
    fn create_in_place(&self, path: &Path) -> io::Result<File> {
        let file = os::create_file(path, self.file_mode())?;
        if let Some(owner) = self.owner {
            owner.give_file(&file)?;
        }
        Ok(file)
    }

    /// Creates a directory for files of ours, unless it exists.
    fn ensure_dir(&self, path: &Path) -> io::Result<()> {
        unless(AlreadyExists, self.create_dir(path, self.dir_mode())).map(drop)
    }

    /// Creates a directory that must be new.
    pub(crate) fn create_dir(&self, path: &Path, mode: u32) -> io::Result<()> {
        os::create_dir(path, mode)?;
        if let Some(owner) = self.owner {
            owner.give_dir(path)?;
        }
        Ok(())
    }
}

fn refused(root: &Path, error: io::Error) -> Error {
    Error::path(ErrorKind::State, "use the state directory", root, error)
}

/// Checks that the path is a directory that may be used. Returns its permissions, and its owner if
/// this process runs as root and the owner is another user.
fn check(root: &Path, trust: Trust) -> io::Result<(u32, Option<FileOwner>)> {
    let metadata = match trust {
        Trust::Anybody => std::fs::metadata(root)?,
        Trust::User(_) => std::fs::symlink_metadata(root)?,
    };
    let (owner, mode) = os::owner_and_mode(&metadata);
    let found = match trust {
        _ if metadata.is_symlink() => {
            "it is a symbolic link, which somebody may have planted".to_owned()
        }
        _ if !metadata.is_dir() => "it is not a directory".to_owned(),
        Trust::User(user) if owner != user => {
            format!("it belongs to user {owner}, and this process is of user {user}")
        }
        Trust::User(_) if mode & 0o077 != 0 => {
            format!("others may use it (mode {mode:04o}), expected mode 0700")
        }
        _ => return Ok((mode, FileOwner::other_than_root(&metadata))),
    };
    let way_out = "remove it, or set `ISOLATED_DIR` to a directory of your own";
    Err(io::Error::other(format!("{found}; {way_out}")))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::Path;

    use super::{StateDir, Trust};
    use crate::error::chain;
    use crate::os;

    fn refusal(root: &Path, user: u32) -> String {
        let error = StateDir::open(root, Trust::User(user))
            .err()
            .expect("a refusal");
        chain(&error).replace(&root.display().to_string(), "DIR")
    }

    #[test]
    fn a_new_directory_is_private() {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().join("state");
        StateDir::open(&root, Trust::User(os::user())).unwrap();
        for dir in [&root, &root.join("locks"), &root.join("runs")] {
            assert_eq!(
                fs::metadata(dir).unwrap().mode() & 0o7777,
                0o700,
                "{}",
                dir.display()
            );
        }
    }

    #[test]
    fn a_planted_link_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().join("state");
        fs::create_dir(base.path().join("victim")).unwrap();
        symlink(base.path().join("victim"), &root).unwrap();
        assert_eq!(
            refusal(&root, os::user()),
            "failed to use the state directory `DIR`: it is a symbolic link, which somebody may have \
             planted; remove it, or set `ISOLATED_DIR` to a directory of your own"
        );
        assert_eq!(fs::read_dir(base.path().join("victim")).unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_the_way_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().join("state");
        fs::write(&root, "").unwrap();
        assert!(refusal(&root, os::user()).contains("it is not a directory"));
    }

    #[test]
    fn a_foreign_owner_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().join("state");
        fs::create_dir(&root).unwrap();
        let (mine, other) = (os::user(), os::user() + 1);
        assert_eq!(
            refusal(&root, other),
            format!(
                "failed to use the state directory `DIR`: it belongs to user {mine}, and this process \
                 is of user {other}; remove it, or set `ISOLATED_DIR` to a directory of your own"
            )
        );
    }

    #[test]
    fn an_open_directory_is_refused_unless_it_was_asked_for() {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().join("state");
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(
            refusal(&root, os::user())
                .contains("others may use it (mode 0777), expected mode 0700")
        );

        let state_dir = StateDir::open(&root, Trust::Anybody).unwrap();
        let file = state_dir
            .open_or_create(&state_dir.lock_path("k-tcp"))
            .unwrap();
        assert_eq!(
            file.metadata().unwrap().mode() & 0o777,
            0o666,
            "others share the locks"
        );
        assert_eq!(
            fs::metadata(root.join("locks")).unwrap().mode() & 0o777,
            0o777
        );
    }

    #[test]
    fn rooms_that_were_removed_are_made_again() {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().join("state");
        let state_dir = StateDir::open(&root, Trust::User(os::user())).unwrap();
        fs::remove_dir_all(&root).unwrap();
        state_dir
            .open_or_create(&state_dir.lock_path("k-tcp"))
            .unwrap();
        assert!(root.join("locks/k-tcp").is_file());
        assert!(root.join("runs").is_dir());
    }
}
