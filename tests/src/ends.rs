//! Ends of a process that no program should come to.

#![expect(unsafe_code, reason = "safe code does not come to such ends")]

use std::io;
use std::ptr;

/// Writes to where no memory is.
///
/// # Panics
///
/// Panics when that is possible.
pub fn touch_nothing() -> ! {
    // SAFETY: the kernel allows nobody to write there, so nothing is overwritten.
    unsafe { libc::memset(ptr::without_provenance_mut(16), 1, 1) };
    unreachable!("there is memory at 16");
}

/// Uses all of the stack.
#[must_use]
pub fn overflow(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 512]);
    if room[3] == u64::MAX {
        return 0;
    }
    overflow(depth + 1).wrapping_add(room[7])
}

/// Sends a signal to this process.
pub fn signal(number: libc::c_int) {
    // SAFETY: the call takes numbers only.
    unsafe { libc::raise(number) };
}

/// Closes all descriptors, whoever they belong to.
pub fn close_everything() {
    for number in 0..1024 {
        // SAFETY: whoever uses one of them gets an error.
        unsafe { libc::close(number) };
    }
}

/// Has the process exit with status 3, whatever it was about to exit with.
pub fn exit_with_three() {
    extern "C" fn exit() {
        // SAFETY: the call takes a number only.
        unsafe { libc::_exit(3) };
    }

    // SAFETY: the function may be called at any time.
    unsafe { libc::atexit(exit) };
}

/// Has the process wait for ever when it is about to exit.
pub fn never_exit() {
    extern "C" fn wait() {
        // SAFETY: the call takes nothing.
        unsafe { libc::pause() };
    }

    // SAFETY: the function may be called at any time.
    unsafe { libc::atexit(wait) };
}

/// Has the requests to end that may be ignored be ignored, by this process and those it starts.
pub fn ignore_requests_to_end() {
    for number in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        // SAFETY: nobody else in this process handles the signal.
        unsafe { libc::signal(number, libc::SIG_IGN) };
    }
}

/// Splits the process in two that both go on; tells whether this is the copy.
///
/// # Errors
///
/// Fails when the kernel has no room for it.
pub fn fork() -> io::Result<bool> {
    // SAFETY: no other thread of this process holds anything that the copy uses.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        number => Ok(number == 0),
    }
}

/// Leaves a process behind that belongs to nobody: forked twice, in a session of its own. Returns
/// whether this is that process.
///
/// # Errors
///
/// Fails when the kernel has no room for it.
pub fn become_daemon() -> io::Result<bool> {
    if !fork()? {
        return Ok(false);
    }
    // SAFETY: the calls take numbers only.
    unsafe { libc::setsid() };
    if !fork()? {
        // SAFETY: nothing of this copy needs an end.
        unsafe { libc::_exit(0) };
    }
    Ok(true)
}

/// Waits until this process is ended; two minutes at most, longer than anybody has patience.
pub fn stay() -> ! {
    // SAFETY: the calls take numbers only.
    unsafe {
        libc::alarm(120);
        loop {
            libc::pause();
        }
    }
}
