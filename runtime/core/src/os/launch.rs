//! Becomes the subprocess of a test: what happens between the start of a supervisor and `exec`.
//!
//! Only what is safe in a copy of a process with threads, and in the memory of a suspended process,
//! may be called here: no allocation, no lock, no panic.

#![expect(
    unsafe_code,
    reason = "nothing of the standard library may be used between fork and exec"
)]

use std::convert::Infallible;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{FromRawFd, RawFd};
use std::ptr;

#[cfg(target_os = "linux")]
use libc::c_int;
use libc::pid_t;

use super::call;
use super::program::Program;
use super::supervisor::check;

/// Everything that a supervisor needs, prepared before it starts.
pub(super) struct LaunchPlan {
    /// The supervisor's end of the leash.
    pub(super) leash: RawFd,
    /// Other descriptors that the supervisor keeps open.
    pub(super) keep: Vec<RawFd>,
    /// The descriptors that the subprocess inherits.
    pub(super) inherit: [RawFd; 2],
    /// The standard streams of the subprocess. Each of these descriptors is greater than 2.
    pub(super) streams: [RawFd; 3],
    pub(super) directory: Option<CString>,
    pub(super) program: Program,
    /// The signal mask of the parent's thread before the start, for the subprocess.
    pub(super) mask: libc::sigset_t,
    /// Whether the program runs in an emulator such as valgrind, where memory is not shared.
    #[cfg(target_os = "linux")]
    pub(super) is_emulated: bool,
    /// The top of the stack of the subprocess.
    #[cfg(target_os = "linux")]
    pub(super) stack: *mut libc::c_void,
    #[cfg(target_os = "linux")]
    pub(super) network: Option<super::network::NamespaceSetup>,
}

/// The state before the start that the subprocess checks or restores.
pub(super) struct Before {
    pub(super) supervisor: pid_t,
    /// Whether the parent ignores `SIGCHLD`; then the subprocess does, too.
    pub(super) ignores_children: bool,
}

/// The input of the new subprocess, and why it could not run its program.
#[cfg(target_os = "linux")]
struct Start<'a> {
    plan: &'a LaunchPlan,
    before: &'a Before,
    failure: Option<io::Error>,
}

#[cfg(target_os = "linux")]
extern "C" fn enter(start: *mut libc::c_void) -> c_int {
    // SAFETY: it points to a local of `start_here`, which nothing else uses until this process runs
    // another program or has ended.
    let start = unsafe { &mut *start.cast::<Start<'_>>() };
    start.failure = Some(become_test(start.plan, start.before));
    // SAFETY: nothing in this process needs cleanup.
    unsafe { libc::_exit(1) }
}

/// Starts the subprocess.
pub(super) fn start(plan: &LaunchPlan, before: &Before) -> io::Result<pid_t> {
    #[cfg(target_os = "linux")]
    if !plan.is_emulated {
        return start_here(plan, before);
    }
    start_copy(plan, before)
}

/// Starts the subprocess in the memory of this process, which is suspended until the subprocess
/// runs its program. That is faster than a copy.
#[cfg(target_os = "linux")]
fn start_here(plan: &LaunchPlan, before: &Before) -> io::Result<pid_t> {
    let mut start = Start {
        plan,
        before,
        failure: None,
    };
    // SAFETY: nothing else uses the stack. The subprocess uses this memory only while this process
    // is suspended.
    let child = check(unsafe {
        libc::clone(
            enter,
            plan.stack,
            libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
            (&raw mut start).cast(),
        )
    })?;
    match start.failure {
        None => Ok(child),
        Some(error) => Err(error),
    }
}

/// Starts the subprocess as a copy of this process. The copy reports through a pipe why it could
/// not run its program; `exec` closes the pipe.
fn start_copy(plan: &LaunchPlan, before: &Before) -> io::Result<pid_t> {
    // SAFETY: all pointers are to locals. The copy calls only what is safe after a fork, and then
    // runs a program.
    unsafe {
        let mut failure = [0; 2];
        check(libc::pipe(failure.as_mut_ptr()))?;
        for end in failure {
            check(libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC))?;
        }
        let child = check(libc::fork())?;
        if child == 0 {
            let error = become_test(plan, before).raw_os_error().unwrap_or(0);
            let error = error.to_ne_bytes();
            libc::write(failure[1], error.as_ptr().cast(), error.len());
            libc::_exit(1);
        }
        libc::close(failure[1]);
        let mut failure = File::from_raw_fd(failure[0]);
        let mut error = [0; 4];
        // This reads again after an interruption.
        if failure.read_exact(&mut error).is_ok() {
            return Err(io::Error::from_raw_os_error(i32::from_ne_bytes(error)));
        }
        Ok(child)
    }
}

/// Becomes the test; returns only if that fails.
fn become_test(plan: &LaunchPlan, before: &Before) -> io::Error {
    match try_become_test(plan, before) {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

fn try_become_test(plan: &LaunchPlan, before: &Before) -> io::Result<Infallible> {
    // SAFETY: all calls are safe between fork and exec and get valid pointers: those of the program
    // end with a null and live as long as the plan.
    unsafe {
        check(libc::setpgid(0, 0))?;
        if before.ignores_children {
            call::action(libc::SIGCHLD, Some(libc::SIG_IGN));
        }
        for (to, from) in (0..).zip(plan.streams) {
            check(libc::dup2(from, to))?;
        }
        for fd in plan.inherit {
            check(libc::fcntl(fd, libc::F_SETFD, 0))?;
        }
        if let Some(directory) = &plan.directory {
            check(libc::chdir(directory.as_ptr()))?;
        }
        #[cfg(target_os = "linux")]
        if let Some(way) = &plan.network {
            way.enter().map_err(|(step, error)| {
                super::supervisor::say_step(plan.leash, step);
                error
            })?;
        }
        // After the network, because a change of credentials may reset it.
        #[cfg(target_os = "linux")]
        {
            check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0))?;
        }
        if libc::getppid() != before.supervisor {
            libc::_exit(1);
        }
        // Last, because a signal that has arrived meanwhile ends this process now.
        check(libc::sigprocmask(
            libc::SIG_SETMASK,
            &raw const plan.mask,
            ptr::null_mut(),
        ))?;
        let Program {
            path,
            arguments,
            variables,
        } = &plan.program;
        libc::execve(
            path.as_ptr(),
            arguments.pointers.as_ptr(),
            variables.pointers.as_ptr(),
        );
    }
    Err(io::Error::last_os_error())
}
