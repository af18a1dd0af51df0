//! Processes that run in the memory of another process, and their stacks.

#![expect(
    unsafe_code,
    reason = "the standard library makes stacks for threads only"
)]

use std::io;
use std::ptr;
use std::sync::{Mutex, OnceLock};

use libc::c_int;

use super::call;
use super::program::Itself;
use super::supervisor::check;
use crate::mutex::lock;

/// The top of the stack of a new process, and the flags with which it is started.
pub(super) type Place = (*mut libc::c_void, c_int);

/// The size of a stack in bytes: more than a supervisor or its child can need.
const SIZE: usize = 64 * 1024;

/// A stack for a supervisor and one for its child. Below each there is a guard that cannot be
/// written, so a process that needs more stack ends and does not write elsewhere.
pub(super) struct Stacks {
    start: *mut libc::c_void,
    guard: usize,
}

// SAFETY: only this value owns the memory behind the pointer.
unsafe impl Send for Stacks {}

/// Stacks to reuse: mapping new ones costs more than all the rest of a start.
static FREE: Mutex<Vec<Stacks>> = Mutex::new(Vec::new());

impl Stacks {
    /// Takes stacks, except in an emulator, which supports no process with a chosen stack.
    pub(super) fn take() -> io::Result<Option<Self>> {
        if Itself::find()?.is_emulated {
            return Ok(None);
        }
        let used = lock(&FREE).pop();
        used.map_or_else(Stacks::map, Ok).map(Some)
    }

    /// Returns the stacks for reuse. No process may use them any more.
    pub(super) fn give_back(self) {
        lock(&FREE).push(self);
    }

    fn map() -> io::Result<Self> {
        // SAFETY: the call takes a number only.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        let guard = usize::try_from(page).unwrap_or(SIZE);
        // SAFETY: the memory is new, and only parts of it are made accessible.
        unsafe {
            let start = libc::mmap(
                ptr::null_mut(),
                2 * (guard + SIZE),
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK,
                -1,
                0,
            );
            if start == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let stacks = Stacks { start, guard };
            for end in stacks.ends() {
                let usable = libc::PROT_READ | libc::PROT_WRITE;
                check(libc::mprotect(end.byte_sub(SIZE), SIZE, usable))?;
            }
            Ok(stacks)
        }
    }

    /// The tops of the stacks. Stacks grow down on all platforms that both Linux and Rust support.
    fn ends(&self) -> [*mut libc::c_void; 2] {
        [1, 2].map(|stacks| self.start.wrapping_byte_add(stacks * (self.guard + SIZE)))
    }

    /// A supervisor, whose end sends no signal.
    pub(super) fn of_supervisor(&self) -> Place {
        let is_shared = memory_can_be_shared();
        (self.ends()[1], if is_shared { libc::CLONE_VM } else { 0 })
    }

    /// Its child, during whose start it is suspended.
    pub(super) fn of_test(&self) -> Place {
        let (stack, flags) = self.of_probe();
        (stack, flags | libc::SIGCHLD)
    }

    /// A child of this process, during whose whole life this thread is suspended. Its end sends no
    /// signal.
    pub(super) fn of_probe(&self) -> Place {
        (self.ends()[0], libc::CLONE_VM | libc::CLONE_VFORK)
    }
}

impl Drop for Stacks {
    fn drop(&mut self) {
        // SAFETY: the processes that used the memory have ended.
        unsafe { libc::munmap(self.start, 2 * (self.guard + SIZE)) };
    }
}

/// Whether a supervisor can share the memory of its parent without ending with it. Kernels before
/// 5.16 end all processes that share the memory of one that dumps core.
fn memory_can_be_shared() -> bool {
    static CAN_BE: OnceLock<bool> = OnceLock::new();

    *CAN_BE.get_or_init(|| {
        call::ARE_RAW
            && is_recent(&std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default())
    })
}

fn is_recent(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
    (next(), next()) >= (5_u32, 16_u32)
}

#[cfg(test)]
mod tests {
    use super::{SIZE, Stacks, is_recent};

    #[test]
    fn kernels_are_told_apart_by_their_numbers() {
        for recent in ["5.16.0", "6.1.0-18-amd64", "5.16-rc1", "10.0.1\n"] {
            assert!(is_recent(recent), "{recent}");
        }
        for old in [
            "5.15.167.4-microsoft-standard-WSL2",
            "4.4.0",
            "5.4",
            "",
            "x",
        ] {
            assert!(!is_recent(old), "{old}");
        }
    }

    /// The permissions of the mapping that contains an address.
    fn permissions(address: usize) -> String {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let is_in = |line: &&str| {
            let (start, rest) = line.split_once('-').unwrap();
            let end = rest.split_once(' ').unwrap().0;
            let [start, end] = [start, end].map(|text| usize::from_str_radix(text, 16).unwrap());
            (start..end).contains(&address)
        };
        let line = maps.lines().find(is_in).expect("a mapping");
        line.split(' ').nth(1).unwrap().to_owned()
    }

    #[test]
    fn a_page_that_cannot_be_written_is_below_each_stack() {
        let stacks = Stacks::map().unwrap();
        for end in stacks.ends() {
            let end = end as usize;
            assert_eq!(permissions(end - 1), "rw-p");
            assert_eq!(permissions(end - SIZE), "rw-p");
            assert_eq!(permissions(end - SIZE - 1), "---p");
        }
    }
}
