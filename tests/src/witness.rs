//! Checks which process holds which lock, by a kernel mechanism that the runtime does not use.
//!
//! POSIX record locks belong to a process and conflict between processes. When a process is killed,
//! the kernel drops them while it closes the descriptors, and so before it drops the last reference
//! to any file that is locked with `flock`: a witness never outlives what it testifies to.

#![expect(
    unsafe_code,
    reason = "the standard library has no record locks and no shared memory"
)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::atomic::AtomicU64;

/// A file whose bytes are locked as witnesses.
#[derive(Debug)]
pub struct Witness {
    file: File,
}

impl Witness {
    /// Opens or creates the file.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        Ok(Witness { file })
    }

    /// Locks a byte for this process. Returns whether that was possible.
    #[must_use]
    pub fn enter(&self, byte: i32, exclusive: bool) -> bool {
        self.set(
            byte,
            if exclusive {
                libc::F_WRLCK
            } else {
                libc::F_RDLCK
            },
        )
    }

    /// Unlocks a byte.
    pub fn leave(&self, byte: i32) {
        let _ = self.set(byte, libc::F_UNLCK);
    }

    fn set(&self, byte: i32, kind: libc::c_int) -> bool {
        // SAFETY: all zeroes is a valid `flock`.
        let mut lock: libc::flock = unsafe { std::mem::zeroed() };
        lock.l_type = libc::c_short::try_from(kind).unwrap_or_default();
        lock.l_whence = 0;
        lock.l_start = byte.into();
        lock.l_len = 1;
        // SAFETY: `lock` is valid for the call.
        unsafe { libc::fcntl(self.file.as_raw_fd(), libc::F_SETLK, &raw const lock) == 0 }
    }
}

/// Counters that several processes share through a file.
#[derive(Debug)]
pub struct Counters {
    map: *mut libc::c_void,
    count: usize,
}

// SAFETY: the memory is only used as atomics.
unsafe impl Send for Counters {}
// SAFETY: the memory is only used as atomics.
unsafe impl Sync for Counters {}

impl Counters {
    /// Maps this many counters from a file.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be opened or mapped.
    pub fn open(path: &Path, count: usize) -> io::Result<Self> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let bytes = count * 8;
        file.set_len(bytes as u64)?;
        // SAFETY: this is a new mapping of a file that is long enough; nothing else is touched.
        let map = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if map == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Counters { map, count })
    }

    /// Returns one counter.
    ///
    /// # Panics
    ///
    /// Panics if there is no such counter.
    #[must_use]
    pub fn at(&self, index: usize) -> &AtomicU64 {
        assert!(index < self.count);
        // SAFETY: the mapping is page-aligned, long enough, and lives as long as `self`.
        unsafe { &*self.map.cast::<AtomicU64>().add(index) }
    }
}

impl Drop for Counters {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no reference to it outlives `self`.
        unsafe { libc::munmap(self.map, self.count * 8) };
    }
}
