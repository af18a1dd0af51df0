//! Wakes a supervisor when a child has ended.

#![expect(unsafe_code, reason = "the standard library knows no signals")]

use std::io;
use std::mem;
use std::os::fd::RawFd;
#[cfg(not(target_os = "linux"))]
use std::sync::atomic::{AtomicI32, Ordering};

#[cfg(not(target_os = "linux"))]
use libc::c_int;

use super::call;
use super::supervisor::check;

/// A descriptor that is readable when a child has ended. Created while all signals are blocked.
pub(super) struct Wake {
    #[cfg(target_os = "linux")]
    signals: RawFd,
    #[cfg(not(target_os = "linux"))]
    pipe: [RawFd; 2],
}

#[cfg(target_os = "linux")]
impl Wake {
    /// Makes the kernel report the end of a child through a descriptor, without a handler.
    pub(super) unsafe fn new() -> io::Result<Self> {
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
        Ok(Wake { signals })
    }

    pub(super) fn fd(&self) -> RawFd {
        self.signals
    }

    pub(super) fn descriptors(&self) -> [RawFd; 1] {
        [self.signals]
    }

    /// Discards the reports so far.
    pub(super) fn drain(&self) {
        // Pending signals of one kind are merged into one, so one read discards them all.
        call::read(self.signals, &mut [0; 128]);
    }
}

/// The descriptor to which the handler of `SIGCHLD` writes. The supervisor has a separate copy of
/// this variable.
#[cfg(not(target_os = "linux"))]
static WAKE: AtomicI32 = AtomicI32::new(-1);

#[cfg(not(target_os = "linux"))]
extern "C" fn wake_up(_signal: c_int) {
    // SAFETY: `write` may be called in a handler, and the pipe does not block. Nothing else here
    // can set `errno`. After a call that a signal may interrupt, the supervisor checks the result
    // of the call before it reads `errno`.
    unsafe {
        libc::write(WAKE.load(Ordering::Relaxed), b"!".as_ptr().cast(), 1);
    }
}

#[cfg(not(target_os = "linux"))]
impl Wake {
    /// Installs a handler that writes into a pipe.
    pub(super) unsafe fn new() -> io::Result<Self> {
        let mut pipe = [0; 2];
        // SAFETY: all pointers are to locals, for which all zeroes are valid.
        unsafe {
            check(libc::pipe(pipe.as_mut_ptr()))?;
            for end in pipe {
                check(libc::fcntl(end, libc::F_SETFL, libc::O_NONBLOCK))?;
                check(libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC))?;
            }
            WAKE.store(pipe[1], Ordering::Relaxed);
            let mut handler: libc::sigaction = mem::zeroed();
            handler.sa_sigaction = wake_up as extern "C" fn(c_int) as libc::sighandler_t;
            check(libc::sigaction(
                libc::SIGCHLD,
                &raw const handler,
                std::ptr::null_mut(),
            ))?;
            let mut children: libc::sigset_t = mem::zeroed();
            libc::sigaddset(&raw mut children, libc::SIGCHLD);
            check(libc::sigprocmask(
                libc::SIG_UNBLOCK,
                &raw const children,
                std::ptr::null_mut(),
            ))?;
        }
        Ok(Wake { pipe })
    }

    pub(super) fn fd(&self) -> RawFd {
        self.pipe[0]
    }

    pub(super) fn descriptors(&self) -> [RawFd; 2] {
        self.pipe
    }

    /// Discards the reports so far.
    pub(super) fn drain(&self) {
        call::read(self.pipe[0], &mut [0; 64]);
    }
}
