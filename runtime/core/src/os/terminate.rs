//! The request to end, `SIGTERM`: how a process learns of it, and how it is sent.

#![expect(unsafe_code, reason = "the standard library knows no signals")]

use std::io::{self, Read};
use std::mem;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use super::spawn_thread;
use super::supervisor::check;

/// The descriptor to which the handler writes.
static WAKE: AtomicI32 = AtomicI32::new(-1);

extern "C" fn wake_up(_signal: libc::c_int) {
    let fd: RawFd = WAKE.load(Ordering::Relaxed);
    // SAFETY: `send` may be called in a handler. The one error that it can set is that of a full
    // buffer, after thousands of signals.
    unsafe { libc::send(fd, b"!".as_ptr().cast(), 1, libc::MSG_DONTWAIT) };
}

/// Calls `act` in a thread when this process gets `SIGTERM`, which then does nothing else.
pub(crate) fn on_termination(act: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let (mut read, write) = UnixStream::pair()?;
    WAKE.store(write.as_raw_fd(), Ordering::Relaxed);
    mem::forget(write);
    spawn_thread("isolated-test-signal", move || {
        if read.read_exact(&mut [0]).is_ok() {
            act();
        }
    })?;
    // SAFETY: all pointers are to locals, for which all zeroes are valid.
    unsafe {
        let mut handler: libc::sigaction = mem::zeroed();
        handler.sa_sigaction = wake_up as extern "C" fn(libc::c_int) as libc::sighandler_t;
        handler.sa_flags = libc::SA_RESTART;
        check(libc::sigaction(
            libc::SIGTERM,
            &raw const handler,
            ptr::null_mut(),
        ))?;
    }
    Ok(())
}

/// Asks a process to end.
pub(crate) fn terminate(process: u32) -> io::Result<()> {
    let process = libc::pid_t::try_from(process).map_err(io::Error::other)?;
    // SAFETY: the call takes numbers only.
    check(unsafe { libc::kill(process, libc::SIGTERM) }).map(drop)
}
