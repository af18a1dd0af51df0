//! Unix: users, owners, modes and identities of files, and exit handlers.

use std::env;
use std::ffi::OsStr;
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{
    DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, lchown,
};
use std::path::{Path, PathBuf};

/// The default state directory: `/tmp/isolated-test-UID`.
///
/// It ignores `TMPDIR`, because two shells with different values must meet at one lock. Only a
/// system without `/tmp` uses its temporary directory.
pub(crate) fn default_state_dir() -> PathBuf {
    let tmp = PathBuf::from("/tmp");
    let base = if tmp.is_dir() { tmp } else { env::temp_dir() };
    base.join(format!("isolated-test-{}", user()))
}

/// The effective user ID.
#[expect(unsafe_code, reason = "the standard library does not tell the user")]
pub(crate) fn user() -> u32 {
    // SAFETY: `geteuid` takes nothing, touches no memory and cannot fail.
    unsafe { libc::geteuid() }
}

/// The name of this machine.
#[cfg(feature = "machines")]
#[expect(unsafe_code, reason = "the standard library does not tell the name")]
pub(crate) fn machine() -> String {
    let mut name = [0_u8; 256];
    // SAFETY: the array can be written, and its last byte stays zero.
    unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) };
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

/// Creates a directory with exactly these permissions, whatever the umask takes from group and
/// others.
pub(crate) fn create_dir(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    if mode != 0o700 {
        std::fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Creates a file that must not exist yet, with exactly these permissions, whatever the umask takes
/// from group and others.
pub(crate) fn create_file(path: &Path, mode: u32) -> io::Result<File> {
    let file = unfollowed().create_new(true).mode(0o600).open(path)?;
    if mode != 0o600 {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    Ok(file)
}

/// Opens an existing file without following a link.
///
/// Leaves out `O_CREAT`: with it, Linux refuses files of other users in sticky directories
/// (`fs.protected_regular`).
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    unfollowed().open(path)
}

fn unfollowed() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    options.custom_flags(libc::O_NOFOLLOW);
    options
}

/// The owner of a file and its mode bits.
pub(crate) fn owner_and_mode(metadata: &Metadata) -> (u32, u32) {
    (metadata.uid(), metadata.mode() & 0o7777)
}

/// The user and group to give a file to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileOwner {
    user: u32,
    group: u32,
}

impl FileOwner {
    /// The owner of a directory in which root must not leave files that belong to root. `None` if
    /// this process does not run as root, or the directory belongs to root.
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

/// Gives the owner of a directory all permissions, so that its content can be removed.
pub(crate) fn unlock_dir(path: &Path) -> io::Result<()> {
    std::fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// Writes all bytes at an offset in a file.
pub(crate) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}

/// Creates a symbolic link with the target of another one.
pub(crate) fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(std::fs::read_link(from)?, to)
}

/// The bytes of a path.
pub(crate) fn path_to_bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

/// Converts bytes back into a path.
pub(crate) fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

/// Registers an exit handler for the normal end of the process; returns whether that worked.
#[expect(unsafe_code, reason = "the standard library has no exit handler")]
pub(crate) fn at_exit(handler: extern "C" fn()) -> bool {
    // SAFETY: `handler` is a function without arguments that lives as long as the program. It does
    // not unwind: a panic in an `extern "C"` function aborts.
    unsafe { libc::atexit(handler) == 0 }
}
