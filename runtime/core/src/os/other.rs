//! Platforms other than Unix, in practice Windows. Items that are weaker than on Unix note it.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The default state directory. Each user of Windows has a separate temporary directory.
pub(crate) fn default_state_dir() -> PathBuf {
    std::env::temp_dir().join("isolated-test")
}

/// The same number for every user: the access control list of the parent directory decides about
/// access.
pub(crate) fn user() -> u32 {
    0
}

/// Creates a directory; the mode has no meaning here.
pub(crate) fn create_dir(path: &Path, _mode: u32) -> io::Result<()> {
    DirBuilder::new().create(path)
}

/// Creates a file that must not exist yet; the mode has no meaning here.
pub(crate) fn create_file(path: &Path, _mode: u32) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
}

/// Opens an existing file.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// A path whose status is read often.
pub(crate) struct WatchedPath(PathBuf);

/// The same for every file, because stable Rust does not expose the identity of a file here. So
/// whether a file is still at its path is not known, only whether any file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId;

/// The status of the file at a path.
#[derive(Debug)]
pub(crate) struct PathStatus {
    pub(crate) identity: FileId,
    pub(crate) is_empty: bool,
    pub(crate) changed: ChangeTime,
}

/// The time at which a file was last modified, which is not used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChangeTime;

impl ChangeTime {
    /// Always `false`: the file counts as too young to conclude anything from its time.
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

    /// Reads the status of the path; `None` if nothing exists there.
    pub(crate) fn look(&self) -> io::Result<Option<PathStatus>> {
        let data = super::unless(io::ErrorKind::NotFound, std::fs::symlink_metadata(&self.0))?;
        Ok(data.map(|data| PathStatus {
            identity: FileId,
            is_empty: data.len() == 0,
            changed: ChangeTime,
        }))
    }

    /// Does nothing, because the modification time is not used here.
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "on Unix the file is changed"
    )]
    pub(crate) fn touch(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The identity of a file, as far as it is known here.
#[expect(clippy::unnecessary_wraps, reason = "on Unix the system is asked")]
pub(crate) fn identity(_file: &File) -> io::Result<FileId> {
    Ok(FileId)
}

/// An owner and a mode that pass every check.
pub(crate) fn owner_and_mode(_metadata: &Metadata) -> (u32, u32) {
    (user(), 0o700)
}

/// The user to give a file to. There is none here: a file belongs to the user who creates it.
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

/// Makes a directory writable, so that its content can be removed.
#[expect(
    clippy::permissions_set_readonly_false,
    reason = "the lint is about Unix"
)]
pub(crate) fn unlock_dir(path: &Path) -> io::Result<()> {
    let mut permissions = std::fs::metadata(path)?.permissions();
    permissions.set_readonly(false);
    std::fs::set_permissions(path, permissions)
}

/// Writes all bytes at an offset in a file.
pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    use std::io::{Seek, SeekFrom, Write};

    let mut file = file;
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}

/// Copies the target of a symbolic link, because links need a privilege here.
pub(crate) fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::copy(from, to).map(drop)
}

/// The path as UTF-8. Invalid Unicode, which hardly ever occurs in a path, is replaced.
pub(crate) fn path_to_bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

/// Converts bytes back into a path.
pub(crate) fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// Always `false`: Windows may end a process without exit handlers. The next process sweeps.
pub(crate) fn at_exit(_handler: extern "C" fn()) -> bool {
    false
}
