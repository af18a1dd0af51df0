//! Interrupts a thread that blocks in a system call, by a signal to this thread alone.
//!
//! The signal is `SIGURG`, if nothing else handles it. Hardly any program does, and by default it
//! is ignored, so a surplus signal is harmless, whatever becomes of the handler meanwhile. It is
//! not a real-time signal, because those are queued and cannot be sent while the queue of the user
//! is full. The handler does nothing and is installed without `SA_RESTART`, so the call fails with
//! `EINTR`.
//!
//! Only a thread that has asked for the signal by [`this_thread`] receives it, and only when a wait
//! is given up. A program that is started has the default disposition again, and never receives it.

use std::mem;
use std::ptr;

use super::offspring::Blocked;

const SIGNAL: libc::c_int = libc::SIGURG;

/// A thread of this process that can be interrupted.
#[derive(Clone, Copy)]
pub(crate) struct Target(libc::c_long);

extern "C" fn nothing(_signal: libc::c_int) {
    #[cfg(test)]
    tests::DELIVERED.with(|delivered| delivered.set(delivered.get() + 1));
}

/// This thread; `None` if a signal would not reach it, or the signal is taken.
pub(crate) fn this_thread() -> Option<Target> {
    if !install() || is_blocked(SIGNAL) {
        return None;
    }
    // SAFETY: the call takes nothing and cannot fail.
    #[expect(
        unsafe_code,
        reason = "the standard library has other numbers for threads"
    )]
    let thread = unsafe { libc::syscall(libc::SYS_gettid) };
    Some(Target(thread))
}

impl Target {
    /// Interrupts the system call in which the thread blocks. A call that it is about to make is
    /// not interrupted, so repeat this until the thread shows that it has noticed.
    #[expect(unsafe_code, reason = "the standard library sends no signals")]
    pub(crate) fn interrupt(self) {
        // The user may have installed a handler since, and must not get our signal.
        if install() {
            // SAFETY: the call takes numbers only; a thread that has ended gets no signal.
            unsafe { libc::syscall(libc::SYS_tgkill, std::process::id(), self.0, SIGNAL) };
        }
    }
}

/// Returns after all signals sent to this thread before the call have been delivered.
///
/// They are delivered at the latest when a system call returns, and this makes one.
pub(crate) fn settle() {
    let _ = is_blocked(libc::SIGKILL);
}

/// Blocks all signals in this thread, so that they reach the threads of the program that wait for
/// them.
pub(crate) fn block_all() {
    mem::forget(Blocked::all());
}

/// Installs the handler unless there is another one; returns whether ours is installed.
#[expect(unsafe_code, reason = "the standard library handles no signals")]
fn install() -> bool {
    match handler() {
        Some(handler) if handler == ours() => return true,
        Some(libc::SIG_DFL) => {}
        _ => return false,
    }
    // SAFETY: the handler does nothing, so it may interrupt anything; both pointers are to locals,
    // for which all zeroes are valid: without flags and with an empty mask.
    unsafe {
        let [mut action, mut before]: [libc::sigaction; 2] = mem::zeroed();
        action.sa_sigaction = ours();
        if libc::sigaction(SIGNAL, &raw const action, &raw mut before) != 0 {
            return false;
        }
        if before.sa_sigaction == libc::SIG_DFL || before.sa_sigaction == ours() {
            return true;
        }
        // Another handler was installed in between: restore it.
        libc::sigaction(SIGNAL, &raw const before, ptr::null_mut());
        false
    }
}

fn ours() -> libc::sighandler_t {
    nothing as extern "C" fn(libc::c_int) as libc::sighandler_t
}

/// The handler of the signal, as the C library knows it: a sanitizer may give another one to the
/// kernel.
#[expect(unsafe_code, reason = "the standard library handles no signals")]
fn handler() -> Option<libc::sighandler_t> {
    // SAFETY: without a new action nothing changes, and all zeroes are valid for the old one.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        let result = libc::sigaction(SIGNAL, ptr::null(), &raw mut action);
        (result == 0).then_some(action.sa_sigaction)
    }
}

/// Whether this thread blocks a signal.
#[expect(unsafe_code, reason = "the standard library masks no signals")]
fn is_blocked(signal: libc::c_int) -> bool {
    // SAFETY: the mask is a local, for which all zeroes are valid. Without a new one nothing
    // changes.
    unsafe {
        let mut mask: libc::sigset_t = mem::zeroed();
        libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut mask) != 0
            || libc::sigismember(&raw const mask, signal) == 1
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use super::{SIGNAL, block_all, handler, ours, settle, this_thread};

    thread_local! {
        /// How many signals have arrived in this thread.
        pub(crate) static DELIVERED: Cell<u32> = const { Cell::new(0) };
    }

    #[test]
    fn a_thread_that_blocks_signals_cannot_be_interrupted() {
        std::thread::spawn(|| {
            assert!(this_thread().is_some());
            block_all();
            assert!(this_thread().is_none());
        })
        .join()
        .unwrap();
    }

    /// A real-time signal could not be sent in this state.
    #[test]
    #[expect(unsafe_code, reason = "the standard library knows no limits")]
    fn a_thread_is_interrupted_also_where_no_signal_can_be_queued() {
        let mut limit = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        let this = this_thread().unwrap();
        // SAFETY: the limit is a local. No other test needs a queue.
        unsafe {
            libc::getrlimit(libc::RLIMIT_SIGPENDING, &raw mut limit);
            limit.rlim_cur = 0;
            assert_eq!(
                libc::setrlimit(libc::RLIMIT_SIGPENDING, &raw const limit),
                0
            );
        }
        let delivered = DELIVERED.get();
        this.interrupt();
        settle();
        assert_eq!(DELIVERED.get(), delivered + 1);
    }

    extern "C" fn of_the_user(_signal: libc::c_int) {}

    /// Runs in a subprocess, because it takes the signal from all other tests.
    #[test]
    #[expect(unsafe_code, reason = "the standard library handles no signals")]
    fn a_signal_that_the_user_has_taken_is_left_alone() {
        let handled = || handler().unwrap();
        // SAFETY: the child makes system calls only, and never returns.
        unsafe {
            let child = libc::fork();
            if child == 0 {
                let this = this_thread();
                let of_the_user = of_the_user as extern "C" fn(libc::c_int);
                libc::signal(SIGNAL, of_the_user as libc::sighandler_t);
                if let Some(this) = this {
                    this.interrupt();
                }
                settle();
                let is_left = handled() != ours() && DELIVERED.get() == 0;
                libc::_exit(i32::from(
                    !(is_left && this.is_some() && this_thread().is_none()),
                ));
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
            assert_eq!(status, 0);
        }
    }
}
