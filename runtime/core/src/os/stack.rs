//! Stacks for processes that run in the memory of another process.

#![expect(
    unsafe_code,
    reason = "the standard library makes stacks for threads only"
)]

use std::io;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::supervisor::check;

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

fn free() -> MutexGuard<'static, Vec<Stacks>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stacks {
    pub(super) fn take() -> io::Result<Self> {
        let used = free().pop();
        used.map_or_else(Stacks::map, Ok)
    }

    /// Returns the stacks for reuse. No process may use them any more.
    pub(super) fn give_back(self) {
        free().push(self);
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
            for end in [stacks.of_supervisor(), stacks.of_test()] {
                let usable = libc::PROT_READ | libc::PROT_WRITE;
                check(libc::mprotect(end.byte_sub(SIZE), SIZE, usable))?;
            }
            Ok(stacks)
        }
    }

    /// The top of the stack of a supervisor. Stacks grow down on all platforms that both Linux and
    /// Rust support.
    pub(super) fn of_supervisor(&self) -> *mut libc::c_void {
        self.start.wrapping_byte_add(2 * (self.guard + SIZE))
    }

    /// The top of the stack of its child.
    pub(super) fn of_test(&self) -> *mut libc::c_void {
        self.start.wrapping_byte_add(self.guard + SIZE)
    }
}

impl Drop for Stacks {
    fn drop(&mut self) {
        // SAFETY: the processes that used the memory have ended.
        unsafe { libc::munmap(self.start, 2 * (self.guard + SIZE)) };
    }
}

#[cfg(test)]
mod tests {
    use super::{SIZE, Stacks};

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
        for end in [stacks.of_supervisor(), stacks.of_test()] {
            let end = end as usize;
            assert_eq!(permissions(end - 1), "rw-p");
            assert_eq!(permissions(end - SIZE), "rw-p");
            assert_eq!(permissions(end - SIZE - 1), "---p");
        }
    }
}
