//! The system calls of a supervisor that is a copy of its parent, through the C library.

#![expect(
    unsafe_code,
    reason = "nothing of the standard library may be used in a copy of a process"
)]

use std::ffi::CStr;
use std::mem;
use std::os::fd::RawFd;
use std::ptr;

use libc::{c_int, pid_t};

/// Whether calls leave `errno` alone.
#[cfg(target_os = "linux")]
pub(super) const ARE_RAW: bool = false;

/// Collects a child that has ended: its process ID, 0 if there is none yet, or a negative error.
pub(super) fn wait_any(status: &mut c_int) -> pid_t {
    // SAFETY: the status can be written.
    let child = unsafe { libc::waitpid(-1, status, libc::WNOHANG) };
    if child < 0 {
        return -std::io::Error::last_os_error().raw_os_error().unwrap_or(1);
    }
    child
}

/// Waits until a descriptor is readable, at most for `milliseconds`.
pub(super) fn poll(fds: &mut [libc::pollfd], milliseconds: Option<i64>) {
    let timeout = milliseconds.map_or(-1, |all| c_int::try_from(all).unwrap_or(c_int::MAX));
    let length = libc::nfds_t::try_from(fds.len()).unwrap_or(0);
    // SAFETY: the descriptors are valid for their length.
    unsafe { libc::poll(fds.as_mut_ptr(), length, timeout) };
}

pub(super) fn send(fd: RawFd, bytes: &[u8]) -> isize {
    // SAFETY: the buffer can be read for its length. Signals are blocked.
    unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), 0) }
}

pub(super) fn read(fd: RawFd, buffer: &mut [u8]) -> isize {
    // SAFETY: the buffer can be written for its length.
    unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) }
}

pub(super) fn open(path: &CStr) -> RawFd {
    // SAFETY: the path ends with a null.
    unsafe { libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) }
}

pub(super) unsafe fn close(fd: RawFd) {
    // SAFETY: the caller owns the descriptor.
    unsafe { libc::close(fd) };
}

/// Returns the action of a signal, and may set a new one, which is `SIG_DFL` or `SIG_IGN`. `None`
/// if the signal has no action.
pub(super) fn action(signal: c_int, new: Option<libc::sighandler_t>) -> Option<libc::sighandler_t> {
    // SAFETY: both are locals, for which all zeroes are valid.
    unsafe {
        let [mut to, mut before]: [libc::sigaction; 2] = mem::zeroed();
        to.sa_sigaction = new.unwrap_or(libc::SIG_DFL);
        let to = new.map_or(ptr::null(), |_| &raw const to);
        (libc::sigaction(signal, to, &raw mut before) == 0).then_some(before.sa_sigaction)
    }
}

pub(super) fn kill(pid: pid_t, signal: c_int) -> c_int {
    // SAFETY: the call takes numbers only.
    unsafe { libc::kill(pid, signal) }
}

pub(super) fn exit(status: c_int) -> ! {
    // SAFETY: nothing in this copy of the process needs cleanup.
    unsafe { libc::_exit(status) }
}
