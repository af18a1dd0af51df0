//! Wakes a supervisor when a child has ended.

#![expect(unsafe_code, reason = "the standard library knows no signals")]

use std::io;
use std::mem;
use std::os::fd::RawFd;
#[cfg(not(target_os = "linux"))]
use std::sync::atomic::{AtomicI32, Ordering};

use super::supervisor::check;

/// The descriptors of [`descriptors`].
#[cfg(target_os = "linux")]
pub(super) type Wakes = [RawFd; 1];

/// Makes the kernel report the end of a child through a descriptor, without a handler. All signals
/// are blocked.
#[cfg(target_os = "linux")]
pub(super) fn descriptors() -> io::Result<Wakes> {
    // SAFETY: the set is a local, for which all zeroes are valid.
    let signals = check(unsafe {
        let mut children: libc::sigset_t = mem::zeroed();
        libc::sigemptyset(&raw mut children);
        libc::sigaddset(&raw mut children, libc::SIGCHLD);
        libc::signalfd(
            -1,
            &raw const children,
            libc::SFD_CLOEXEC | libc::SFD_NONBLOCK,
        )
    })?;
    Ok([signals])
}

/// The descriptors of [`descriptors`].
#[cfg(not(target_os = "linux"))]
pub(super) type Wakes = [RawFd; 2];

/// The descriptor to which the handler of `SIGCHLD` writes. The supervisor has a separate copy of
/// this variable.
#[cfg(not(target_os = "linux"))]
static WAKE: AtomicI32 = AtomicI32::new(-1);

#[cfg(not(target_os = "linux"))]
extern "C" fn wake_up(_signal: libc::c_int) {
    // SAFETY: `write` may be called in a handler, and the socket does not block. Nothing else here
    // can set `errno`. After a call that a signal may interrupt, the supervisor checks the result
    // of the call before it reads `errno`.
    unsafe {
        libc::write(WAKE.load(Ordering::Relaxed), b"!".as_ptr().cast(), 1);
    }
}

/// Installs a handler that writes into a connection. The first descriptor is readable when a child
/// has ended. All signals are blocked, and this unblocks one.
#[cfg(not(target_os = "linux"))]
pub(super) fn descriptors() -> io::Result<Wakes> {
    use std::os::fd::IntoRawFd;
    use std::os::unix::net::UnixStream;
    use std::ptr;

    let (read, write) = UnixStream::pair()?;
    read.set_nonblocking(true)?;
    write.set_nonblocking(true)?;
    let ends = [read, write].map(IntoRawFd::into_raw_fd);
    WAKE.store(ends[1], Ordering::Relaxed);
    // SAFETY: all pointers are to locals, for which all zeroes are valid.
    unsafe {
        let mut handler: libc::sigaction = mem::zeroed();
        handler.sa_sigaction = wake_up as extern "C" fn(libc::c_int) as libc::sighandler_t;
        let (children, none) = (libc::SIGCHLD, ptr::null_mut());
        check(libc::sigaction(children, &raw const handler, none))?;
        let mut set: libc::sigset_t = mem::zeroed();
        libc::sigaddset(&raw mut set, children);
        check(libc::sigprocmask(
            libc::SIG_UNBLOCK,
            &raw const set,
            ptr::null_mut(),
        ))?;
    }
    Ok(ends)
}
