//! An interrupt (Ctrl-C) ends the running tests, but not the command, which still prints its results.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether the command should stop.
pub(crate) fn is_due() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Catches signals that ask the command to stop.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library has no signal handlers")]
pub(crate) fn catch() -> io::Result<()> {
    extern "C" fn note(_signal: libc::c_int) {
        INTERRUPTED.store(true, Ordering::Relaxed);
    }
    let handler: extern "C" fn(libc::c_int) = note;
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: the handler only stores to an atomic, which is async-signal-safe.
        if unsafe { libc::signal(signal, handler as libc::sighandler_t) } == libc::SIG_ERR {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Does nothing: an interrupt ends the command.
#[cfg(not(unix))]
pub(crate) fn catch() -> io::Result<()> {
    INTERRUPTED.store(false, Ordering::Relaxed);
    Ok(())
}
