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

/// Readable when a child has ended. It is made while all signals are blocked.
pub(super) struct Wake {
    #[cfg(target_os = "linux")]
    signals: RawFd,
    #[cfg(not(target_os = "linux"))]
    pipe: [RawFd; 2],
}

#[cfg(target_os = "linux")]
impl Wake {
    /// Has the kernel say it through a descriptor, without any handler.
    pub(super) unsafe fn new() -> io::Result<Self> {
        // SAFETY: the set is a local, and all zeroes are a valid one.
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

    /// Forgets all who have ended so far.
    pub(super) fn drain(&self) {
        // Signals of one kind are one, however many there were.
        call::read(self.signals, &mut [0; 128]);
    }
}

/// Where the handler of `SIGCHLD` writes to in the supervisor, which has a copy of its own.
#[cfg(not(target_os = "linux"))]
static WAKE: AtomicI32 = AtomicI32::new(-1);

#[cfg(not(target_os = "linux"))]
extern "C" fn wake_up(_signal: c_int) {
    // SAFETY: `write` may be called in a handler; the pipe does not block. Nothing else here can
    // set `errno`, and the supervisor does not look at it after a call that a signal may interrupt
    // without checking the result of that call first.
    unsafe {
        libc::write(WAKE.load(Ordering::Relaxed), b"!".as_ptr().cast(), 1);
    }
}

#[cfg(not(target_os = "linux"))]
impl Wake {
    /// Has a handler write into a pipe.
    pub(super) unsafe fn new() -> io::Result<Self> {
        let mut pipe = [0; 2];
        // SAFETY: all pointers are to locals, of which all zeroes are valid ones.
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

    /// Forgets all who have ended so far.
    pub(super) fn drain(&self) {
        call::read(self.pipe[0], &mut [0; 64]);
    }
}
