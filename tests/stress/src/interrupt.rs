//! An interrupt (Ctrl-C) ends the rounds, not the command: what is known so far is printed.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Tells whether the command is to come to its end.
pub(crate) fn is_due() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Notes from now on that somebody wants the command to end.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library has no signal handlers")]
pub(crate) fn catch() -> io::Result<()> {
    extern "C" fn note(_signal: libc::c_int) {
        INTERRUPTED.store(true, Ordering::Relaxed);
    }
    let handler: extern "C" fn(libc::c_int) = note;
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: the handler only sets an atomic variable, which a handler may do.
        if unsafe { libc::signal(signal, handler as libc::sighandler_t) } == libc::SIG_ERR {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Nothing is caught here: the command ends as others do.
#[cfg(not(unix))]
pub(crate) fn catch() -> io::Result<()> {
    INTERRUPTED.store(false, Ordering::Relaxed);
    Ok(())
}
