//! The file in which a test's clock is set, mapped into memory.

#![expect(unsafe_code, reason = "the standard library has no mapped memory")]

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::Mutex;

use isolated_test_clock::{MAGIC, Page, Setting};

use super::flock::{self, Strength};
pub(crate) use super::is_clock_replaced;
use super::real_time::read;
use crate::mutex::lock;

/// The file of one clock, mapped into this process.
#[derive(Debug)]
pub(crate) struct SharedClock {
    page: NonNull<Page>,
    file: File,
}

// SAFETY: all fields of the memory are atomic.
unsafe impl Send for SharedClock {}
// SAFETY: see above.
unsafe impl Sync for SharedClock {}

impl SharedClock {
    /// Creates the file.
    pub(crate) fn create(path: &Path, setting: &Setting) -> io::Result<Self> {
        let mut options = File::options();
        let mut file = options.read(true).write(true).create_new(true).open(path)?;
        // A disk without room is an error here, and would kill a process that writes into the memory.
        file.write_all(&[0; size_of::<Page>()])?;
        let clock = Self::map(file)?;
        clock.page().publish(setting);
        Ok(clock)
    }

    /// Opens the file of another process.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        let clock = Self::map(file)?;
        if !clock.page().is_valid() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(clock)
    }

    fn map(file: File) -> io::Result<Self> {
        let size = size_of::<Page>();
        if file.metadata()?.len() != size as u64 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        // SAFETY: the mapping is new, and the kernel chooses its place.
        let page = unsafe {
            libc::mmap(
                ptr::null_mut(),
                size,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if page == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let page = NonNull::new(page.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(SharedClock { page, file })
    }

    fn page(&self) -> &Page {
        // SAFETY: the memory is mapped as long as `self` exists, as large as a `Page`, and every
        // content is valid for its atomic numbers.
        unsafe { self.page.as_ref() }
    }

    /// How the clock is set.
    pub(crate) fn setting(&self) -> Setting {
        self.page().setting()
    }

    /// Changes the setting. Writers of all processes take turns, and the kernel ends the turn of one
    /// that is killed.
    pub(crate) fn change(&self, change: impl FnOnce(Setting) -> Setting) -> io::Result<()> {
        static TURN: Mutex<()> = Mutex::new(());

        // The threads of a process share the lock of the file.
        let _turn = lock(&TURN);
        flock::lock(&self.file, Strength::Exclusive)?;
        let page = self.page();
        // Some file systems need room for each change: see `create`.
        let has_room = super::write_at(&self.file, &MAGIC.to_ne_bytes(), 0);
        if has_room.is_ok() {
            page.publish(&change(page.setting()));
        }
        flock::unlock(&self.file);
        has_room
    }
}

impl Drop for SharedClock {
    fn drop(&mut self) {
        // SAFETY: nothing refers to the memory any more.
        unsafe { libc::munmap(self.page.as_ptr().cast(), size_of::<Page>()) };
    }
}

/// The monotonic clock, in nanoseconds.
pub(crate) fn monotonic() -> u64 {
    // SAFETY: there is room for what is written.
    let time = read(|time| unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, time) == 0 });
    let time = time.expect("all systems have this clock");
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or_default()
}
