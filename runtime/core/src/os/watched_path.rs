//! The status of the file at a path that is checked often.
//!
//! The standard library would create a C string for each check, and copy everything that the kernel
//! knows about the file. In an unoptimised build, that costs half as much as the system call.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::time::{Duration, UNIX_EPOCH};

#[cfg(not(target_os = "linux"))]
use libc::{fstat as fstat64, lstat as lstat64, stat as stat64};
#[cfg(target_os = "linux")]
use libc::{fstat64, lstat64, stat64};

use super::real_time;
use super::supervisor::check;
use super::unless;

/// A path whose status is read often.
pub(crate) struct WatchedPath(CString);

/// The identity of a file, valid as long as the file exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId {
    device: libc::dev_t,
    inode: Inode,
}

#[cfg(target_os = "linux")]
type Inode = libc::ino64_t;
#[cfg(not(target_os = "linux"))]
type Inode = libc::ino_t;

/// The status of the file at a path.
#[derive(Debug)]
pub(crate) struct PathStatus {
    pub(crate) identity: FileId,
    pub(crate) is_empty: bool,
    pub(crate) changed: ChangeTime,
}

/// The time at which a file was last modified, as precise as its file system, in nanoseconds since
/// 1970.
///
/// The fields that the kernel returns are 32 bits wide on some platforms and 64 on others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChangeTime(i128);

const SECOND: i128 = 1_000_000_000;

impl ChangeTime {
    /// Whether the modification was at least `age` ago, by the clock of this machine.
    pub(crate) fn is_older_than(self, age: Duration) -> bool {
        let since = u64::try_from(self.0 / SECOND).unwrap_or_default();
        // Rounded up to a later second, so the file counts as younger than it is and never as
        // older.
        let changed = UNIX_EPOCH + Duration::from_secs(since) + Duration::from_secs(1);
        real_time()
            .duration_since(changed)
            .is_ok_and(|time| time >= age)
    }
}

impl WatchedPath {
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        Ok(WatchedPath(CString::new(path.as_os_str().as_bytes())?))
    }

    /// Reads the status of the path, without following a link; `None` if nothing exists there.
    #[expect(
        unsafe_code,
        reason = "the standard library makes a string for each call"
    )]
    pub(crate) fn look(&self) -> io::Result<Option<PathStatus>> {
        let mut data = MaybeUninit::<stat64>::uninit();
        // SAFETY: the string ends with a null, and there is room for what is written.
        let result = check(unsafe { lstat64(self.0.as_ptr(), data.as_mut_ptr()) });
        let is_there = unless(io::ErrorKind::NotFound, result)?;
        // SAFETY: the call has succeeded, so it has written everything.
        Ok(is_there.map(|_| found(unsafe { data.assume_init_ref() })))
    }

    /// Sets the times of the file to now and leaves its content alone.
    #[expect(unsafe_code, reason = "the standard library has to open the file")]
    pub(crate) fn touch(&self) -> io::Result<()> {
        // SAFETY: the string ends with a null; without times, the call reads no other memory.
        check(unsafe {
            libc::utimensat(
                libc::AT_FDCWD,
                self.0.as_ptr(),
                ptr::null(),
                libc::AT_SYMLINK_NOFOLLOW,
            )
        })
        .map(drop)
    }
}

/// The identity of a file. It stays the same while the file is open.
#[expect(
    unsafe_code,
    reason = "it must be of the same types as what stands at a path"
)]
pub(crate) fn identity(file: &File) -> io::Result<FileId> {
    let mut data = MaybeUninit::<stat64>::uninit();
    // SAFETY: the descriptor is open, and there is room for what is written.
    check(unsafe { fstat64(file.as_raw_fd(), data.as_mut_ptr()) })?;
    // SAFETY: the call has succeeded, so it has written everything.
    Ok(found(unsafe { data.assume_init_ref() }).identity)
}

fn found(data: &stat64) -> PathStatus {
    PathStatus {
        identity: FileId {
            device: data.st_dev,
            inode: data.st_ino,
        },
        is_empty: data.st_size == 0,
        changed: ChangeTime(i128::from(data.st_mtime) * SECOND + i128::from(data.st_mtime_nsec)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use std::time::{Duration, SystemTime};

    use super::{WatchedPath, identity};

    #[test]
    fn a_file_is_known_by_what_it_is_and_not_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("file"), dir.path().join("other"));
        let watched = WatchedPath::new(&path).unwrap();
        assert!(watched.look().unwrap().is_none());

        let file = fs::File::create(&path).unwrap();
        let mine = identity(&file).unwrap();
        let found = watched.look().unwrap().unwrap();
        assert_eq!(found.identity, mine);
        assert!(found.is_empty);

        fs::write(&path, "+").unwrap();
        assert!(!watched.look().unwrap().unwrap().is_empty);

        fs::write(&other, "+").unwrap();
        fs::rename(&other, &path).unwrap();
        assert_ne!(watched.look().unwrap().unwrap().identity, mine);

        // A link to the file is not the file.
        fs::hard_link(&path, &other).unwrap();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        let linked = identity(&fs::File::open(&other).unwrap()).unwrap();
        assert_ne!(watched.look().unwrap().unwrap().identity, linked);
    }

    #[test]
    fn a_touched_file_has_changed_now() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let watched = WatchedPath::new(&path).unwrap();
        assert!(watched.touch().is_err());
        let long_ago = SystemTime::now() - Duration::from_secs(60);
        let file = fs::File::create(&path).unwrap();
        file.set_modified(long_ago).unwrap();
        let old = watched.look().unwrap().unwrap();
        assert!(old.changed.is_older_than(Duration::from_secs(50)));
        assert!(!old.changed.is_older_than(Duration::from_secs(70)));

        watched.touch().unwrap();
        let new = watched.look().unwrap().unwrap();
        assert_ne!(new.changed, old.changed);
        assert!(!new.changed.is_older_than(Duration::ZERO));
        assert!(new.is_empty);
        // A clock may have been set back.
        file.set_modified(SystemTime::now() + Duration::from_secs(60))
            .unwrap();
        let future = watched.look().unwrap().unwrap();
        assert!(!future.changed.is_older_than(Duration::ZERO));
    }
}
