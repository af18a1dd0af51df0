//! Platforms that are not Unix, of which Windows is meant: what is weaker here says so.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Returns the state directory; the temporary directory of Windows is each user's own.
pub(crate) fn default_state_dir() -> PathBuf {
    std::env::temp_dir().join("isolated-test")
}

/// Returns the same number for everybody: access is ruled by the lists of the parent directory.
pub(crate) fn user() -> u32 {
    0
}

/// Describes a directory, without following a link in its last component.
pub(crate) fn dir_metadata(path: &Path) -> io::Result<Metadata> {
    std::fs::symlink_metadata(path)
}

/// Makes a directory; the mode has no meaning here.
pub(crate) fn create_dir(path: &Path, _mode: u32) -> io::Result<()> {
    DirBuilder::new().create(path)
}

/// Makes a file that must be new; the mode has no meaning here.
pub(crate) fn create_file(path: &Path, _mode: u32) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
}

/// Opens a file that exists.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Tells whether a file still stands at the path.
///
/// Weaker than on Unix, where identities are compared: stable Rust does not tell them here.
pub(crate) fn is_at(_file: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}

/// A path that is looked at often.
pub(crate) struct WatchedPath(PathBuf);

/// Stands for every file: stable Rust does not tell which one it is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId;

/// What stands at a path.
#[derive(Debug)]
pub(crate) struct PathStatus {
    pub(crate) identity: FileId,
    pub(crate) is_empty: bool,
    pub(crate) changed: ChangeTime,
}

/// When a file was changed last, which is not used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChangeTime;

impl ChangeTime {
    /// Tells that it is too young for anything to be concluded from it.
    #[expect(clippy::unused_self, reason = "on Unix it is compared with the clock")]
    pub(crate) fn is_older_than(self, _age: Duration) -> bool {
        false
    }
}

impl WatchedPath {
    #[expect(clippy::unnecessary_wraps, reason = "on Unix a path may be refused")]
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        Ok(WatchedPath(path.to_owned()))
    }

    /// Looks at the path; nothing may stand there.
    pub(crate) fn look(&self) -> io::Result<Option<PathStatus>> {
        match std::fs::symlink_metadata(&self.0) {
            Ok(data) => Ok(Some(PathStatus {
                identity: FileId,
                is_empty: data.len() == 0,
                changed: ChangeTime,
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Does nothing, because nobody asks when a file has changed.
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "on Unix the file is changed"
    )]
    pub(crate) fn touch(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Tells as much as can be told about which file this is.
#[expect(clippy::unnecessary_wraps, reason = "on Unix the system is asked")]
pub(crate) fn identity(_file: &File) -> io::Result<FileId> {
    Ok(FileId)
}

/// Returns an owner and a mode that pass every check.
pub(crate) fn owner_and_mode(_metadata: &Metadata) -> (u32, u32) {
    (user(), 0o700)
}

/// Somebody who is given files, whom nobody is here: what a user creates belongs to that user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileOwner {}

impl FileOwner {
    pub(crate) fn other_than_root(_metadata: &Metadata) -> Option<Self> {
        None
    }

    pub(crate) fn give_file(self, _file: &File) -> io::Result<()> {
        match self {}
    }

    pub(crate) fn give_dir(self, _path: &Path) -> io::Result<()> {
        match self {}
    }
}

/// Makes a directory writable, so that what is in it can be removed.
#[expect(
    clippy::permissions_set_readonly_false,
    reason = "the lint is about Unix"
)]
pub(crate) fn unlock_dir(path: &Path) -> io::Result<()> {
    let mut permissions = std::fs::metadata(path)?.permissions();
    permissions.set_readonly(false);
    std::fs::set_permissions(path, permissions)
}

/// Writes all bytes at a place of a file.
pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    use std::io::{Seek, SeekFrom, Write};

    let mut file = file;
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}

/// Copies what a symbolic link points to: links need a privilege here.
pub(crate) fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::copy(from, to).map(drop)
}

/// Returns the bytes of a path, which is text here unless somebody has taken pains.
pub(crate) fn path_to_bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

/// Makes a path of its bytes.
pub(crate) fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// Windows ends a process without exit handlers: the next process sweeps.
pub(crate) fn at_exit(_handler: extern "C" fn()) -> bool {
    false
}
