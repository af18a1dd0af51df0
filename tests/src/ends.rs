//! Ways for a process to end that no program should use.

#![expect(unsafe_code, reason = "safe code does not come to such ends")]

#[cfg(unix)]
use std::io;
use std::ptr;

/// How the runtime describes the end of a process that aborts.
#[cfg(unix)]
pub const ABORTED: &str = "was ended by SIGABRT (abort)";
/// How the runtime describes the end of a process that aborts: the exception for a process that has
/// found itself damaged.
#[cfg(windows)]
pub const ABORTED: &str = "was ended by exception 0xc0000409";

/// How the runtime describes the end of a process that touches memory that it does not have.
#[cfg(unix)]
pub const TOUCHED_NOTHING: &str = "was ended by SIGSEGV (invalid memory access)";
/// How the runtime describes the end of a process that touches memory that it does not have.
#[cfg(windows)]
pub const TOUCHED_NOTHING: &str = "was ended by exception 0xc0000005";

/// How the runtime describes the end of a process whose stack overflows.
#[cfg(unix)]
pub const OVERFLOWED: &str = ABORTED;
/// How the runtime describes the end of a process whose stack overflows.
#[cfg(windows)]
pub const OVERFLOWED: &str = "was ended by exception 0xc00000fd";

/// Writes to unmapped memory.
///
/// # Panics
///
/// Panics if that succeeds.
pub fn touch_nothing() -> ! {
    // SAFETY: the kernel lets no process write there, so nothing is overwritten.
    unsafe { libc::memset(ptr::without_provenance_mut(16), 1, 1) };
    unreachable!("there is memory at 16");
}

/// Overflows the stack.
#[must_use]
pub fn overflow(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 512]);
    if room[3] == u64::MAX {
        return 0;
    }
    overflow(depth + 1).wrapping_add(room[7])
}

/// Sends a signal to this process.
#[cfg(unix)]
pub fn signal(number: libc::c_int) {
    // SAFETY: the call takes numbers only.
    unsafe { libc::raise(number) };
}

/// Closes all descriptors below 1024, whoever owns them.
pub fn close_everything() {
    for number in 0..1024 {
        // SAFETY: any other user of a descriptor gets an error.
        unsafe { libc::close(number) };
    }
}

/// Makes the process exit with status 3, whatever status it was about to exit with.
pub fn exit_with_three() {
    extern "C" fn exit() {
        // SAFETY: the call takes a number only.
        unsafe { libc::_exit(3) };
    }

    // SAFETY: the function may be called at any time.
    unsafe { libc::atexit(exit) };
}

/// Makes the process wait forever when it is about to exit.
#[cfg(unix)]
pub fn never_exit() {
    extern "C" fn wait() {
        // SAFETY: the call takes nothing.
        unsafe { libc::pause() };
    }

    // SAFETY: the function may be called at any time.
    unsafe { libc::atexit(wait) };
}

/// Makes this process, and those that it starts, ignore SIGTERM, SIGINT and SIGHUP.
#[cfg(unix)]
pub fn ignore_requests_to_end() {
    for number in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        // SAFETY: nothing else in this process handles the signal.
        unsafe { libc::signal(number, libc::SIG_IGN) };
    }
}

/// Forks this process. Returns whether this is the child.
///
/// # Errors
///
/// Fails if the kernel cannot fork.
#[cfg(unix)]
pub fn fork() -> io::Result<bool> {
    // SAFETY: no other thread of this process holds anything that the child uses.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        number => Ok(number == 0),
    }
}

/// Leaves a daemon behind: a process that is forked twice and has its own session. Returns whether
/// this is the daemon.
///
/// # Errors
///
/// Fails if the kernel cannot fork.
#[cfg(unix)]
pub fn become_daemon() -> io::Result<bool> {
    if !fork()? {
        return Ok(false);
    }
    // SAFETY: the calls take numbers only.
    unsafe { libc::setsid() };
    if !fork()? {
        // SAFETY: this copy has nothing to clean up.
        unsafe { libc::_exit(0) };
    }
    Ok(true)
}

/// Waits until this process is ended, for two minutes at most, which is longer than any test waits.
#[cfg(windows)]
pub fn stay() -> ! {
    std::thread::sleep(2 * crate::PATIENCE);
    std::process::exit(0);
}

/// Waits until this process is ended; two minutes at most, longer than anybody has patience.
#[cfg(unix)]
pub fn stay() -> ! {
    // SAFETY: the calls take numbers only.
    unsafe {
        libc::alarm(120);
        loop {
            libc::pause();
        }
    }
}
