//! Unix: owners, modes, identities of files, and the end of the process.

use std::ffi::OsStr;
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{
    DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, lchown,
};
use std::path::{Path, PathBuf};

/// Returns the folder in which the state directory stands, and the name that is this user's own.
///
/// It is `/tmp` whatever `TMPDIR` says: two shells with different values must meet at one lock.
pub(crate) fn default_state_dir() -> PathBuf {
    let base = Path::new("/tmp");
    let base = if base.is_dir() {
        base.to_owned()
    } else {
        std::env::temp_dir()
    };
    base.join(format!("isolated-test-{}", user()))
}

/// Returns the effective user.
#[expect(unsafe_code, reason = "the standard library does not tell the user")]
pub(crate) fn user() -> u32 {
    // SAFETY: `geteuid` takes nothing, touches no memory and cannot fail.
    unsafe { libc::geteuid() }
}

/// Describes a directory, without following a link in its last component.
///
/// What is described is what was opened: a path may mean something else a moment later.
pub(crate) fn dir_metadata(path: &Path) -> io::Result<Metadata> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW)
        .open(path)?
        .metadata()
}

/// Makes a directory with exactly these permissions, whatever the umask.
pub(crate) fn create_dir(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    if mode != 0o700 {
        std::fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Makes a file that must be new, with exactly these permissions, whatever the umask.
pub(crate) fn create_file(path: &Path, mode: u32) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)?;
    if mode != 0o600 {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    Ok(file)
}

/// Opens a file that exists, without following a link.
///
/// `O_CREAT` is left out on purpose: with it, Linux refuses files of other users in directories
/// with the sticky bit (`fs.protected_regular`).
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
}

/// Tells whether the file is still the one that stands at the path.
pub(crate) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let mine = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Ok(there) => Ok(mine.dev() == there.dev() && mine.ino() == there.ino()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Returns the owner of a file and the bits of its mode.
pub(crate) fn owner_and_mode(metadata: &Metadata) -> (u32, u32) {
    (metadata.uid(), metadata.mode() & 0o7777)
}

/// The user and group that a file is given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileOwner {
    user: u32,
    group: u32,
}

impl FileOwner {
    /// The owner of a directory in which root must not leave files of its own; nothing if this
    /// process is not root's, or the directory is.
    pub(crate) fn other_than_root(metadata: &Metadata) -> Option<Self> {
        let owner = FileOwner {
            user: metadata.uid(),
            group: metadata.gid(),
        };
        (user() == 0 && owner.user != 0).then_some(owner)
    }

    pub(crate) fn give_file(self, file: &File) -> io::Result<()> {
        fchown(file, Some(self.user), Some(self.group))
    }

    pub(crate) fn give_dir(self, path: &Path) -> io::Result<()> {
        lchown(path, Some(self.user), Some(self.group))
    }
}

/// Gives its owner all permissions on a directory, so that what is in it can be removed.
pub(crate) fn unlock_dir(path: &Path) -> io::Result<()> {
    std::fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// Writes all bytes at a place of a file.
pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}

/// Makes a symbolic link that points where another one points.
pub(crate) fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(std::fs::read_link(from)?, to)
}

/// Returns the bytes of a path.
pub(crate) fn path_to_bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

/// Makes a path of its bytes.
pub(crate) fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

/// Has a function called when the process ends normally; tells whether that worked.
#[expect(unsafe_code, reason = "the standard library has no exit handler")]
pub(crate) fn at_exit(handler: extern "C" fn()) -> bool {
    // SAFETY: `handler` is a function without arguments that lives as long as the program, and it
    // does not unwind: the caller's catches everything.
    unsafe { libc::atexit(handler) == 0 }
}
