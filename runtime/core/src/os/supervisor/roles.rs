//! How a process becomes a supervisor, and how its child becomes the supervised one.

#![expect(
    unsafe_code,
    reason = "nothing of the standard library may be used between fork and exec"
)]

use std::ffi::CStr;
use std::io;
use std::mem;
use std::ptr;

use libc::{c_int, pid_t};

use super::check;
use crate::os::call;
use crate::os::wake::{self, Wakes};

/// Prepares this process to supervise children, and gives it a name that they can see. Returns the
/// descriptors that wake it, and whether the parent ignores `SIGCHLD`.
#[cfg_attr(
    not(target_os = "linux"),
    expect(unused_variables, reason = "only Linux has names of processes to set")
)]
pub(super) fn become_supervisor(name: &CStr) -> io::Result<(Wakes, bool)> {
    // SAFETY: the name ends with a null, and the other calls take numbers only.
    unsafe {
        #[cfg(target_os = "linux")]
        {
            check(libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))?;
            libc::prctl(libc::PR_SET_NAME, name.as_ptr(), 0, 0, 0);
        }
        let ignores_children = forget_handlers();
        let wakes = wake::descriptors()?;
        // In a separate process group, because the parent's may be killed as a whole, as nextest
        // does. The leader of a session is in such a group, and cannot leave it.
        if libc::getsid(0) != libc::getpid() {
            check(libc::setpgid(0, 0))?;
        }
        Ok((wakes, ignores_children))
    }
}

/// Prepares a child of the supervisor to run a program, which dies with the supervisor.
///
/// On Linux, no change of credentials may follow.
pub(in crate::os) fn become_supervised(
    supervisor: pid_t,
    ignores_children: bool,
) -> io::Result<()> {
    if ignores_children {
        call::action(libc::SIGCHLD, Some(libc::SIG_IGN));
    }
    // SAFETY: the calls take numbers only.
    unsafe {
        check(libc::setpgid(0, 0))?;
        #[cfg(target_os = "linux")]
        check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0))?;
        if libc::getppid() != supervisor {
            libc::_exit(1);
        }
    }
    Ok(())
}

/// Resets the signal handlers of the parent, which must run neither here nor in the subprocess.
/// Signals that the parent ignores stay ignored, except `SIGCHLD` and `SIGPIPE`. Returns whether
/// the parent ignores `SIGCHLD`.
fn forget_handlers() -> bool {
    const LAST: c_int = 64;

    let mut ignores_children = false;
    for signal in 1..=LAST {
        let now = call::action(signal, None).unwrap_or(libc::SIG_DFL);
        let is_ignored = now == libc::SIG_IGN;
        // Every Rust program ignores `SIGPIPE`, but the programs that it starts do not.
        let is_kept = is_ignored && signal != libc::SIGCHLD && signal != libc::SIGPIPE;
        if now != libc::SIG_DFL && !is_kept {
            call::action(signal, Some(libc::SIG_DFL));
        }
        ignores_children |= is_ignored && signal == libc::SIGCHLD;
    }
    // SAFETY: the pointer is to a local, for which all zeroes are valid. Without handlers, nothing
    // uses the alternate stack.
    unsafe {
        let mut none: libc::stack_t = mem::zeroed();
        none.ss_flags = libc::SS_DISABLE;
        libc::sigaltstack(&raw const none, ptr::null_mut());
    }
    ignores_children
}
