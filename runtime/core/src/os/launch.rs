//! Becomes the process of a test: what happens between the start of a supervisor and `exec`.
//!
//! Only what is safe in a copy of a process with threads, and in the memory of one that stands
//! still, may be called here: no allocation, no lock, no panic.

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
    /// What it keeps open besides.
    pub(super) keep: Vec<RawFd>,
    /// What the test's process inherits.
    pub(super) inherit: [RawFd; 2],
    /// The first three descriptors of the test's process; each of these is a later one.
    pub(super) streams: [RawFd; 3],
    pub(super) directory: Option<CString>,
    pub(super) program: Program,
    /// The signals that the thread of the test has blocked.
    pub(super) mask: libc::sigset_t,
    /// Whether it runs in a program such as valgrind, where memory is not shared.
    #[cfg(target_os = "linux")]
    pub(super) is_emulated: bool,
    /// Where the stack of the test's process begins.
    #[cfg(target_os = "linux")]
    pub(super) stack: *mut libc::c_void,
    #[cfg(target_os = "linux")]
    pub(super) network: Option<super::network::NamespaceSetup>,
}

/// What must be as it was before in the process of the test.
pub(super) struct Before {
    pub(super) supervisor: pid_t,
    /// Whether the parent ignores the ends of its children, as the test's process does then.
    pub(super) ignores_children: bool,
}

/// What the process of the test needs to begin, and why it did not.
#[cfg(target_os = "linux")]
struct Start<'a> {
    plan: &'a LaunchPlan,
    before: &'a Before,
    failure: Option<io::Error>,
}

#[cfg(target_os = "linux")]
extern "C" fn enter(start: *mut libc::c_void) -> c_int {
    // SAFETY: it points to a local of `start`, which nobody else uses until this process has another
    // program or has ended.
    let start = unsafe { &mut *start.cast::<Start<'_>>() };
    start.failure = Some(become_test(start.plan, start.before));
    // SAFETY: nothing of this process needs an end.
    unsafe { libc::_exit(1) }
}

/// Starts the process of the test.
pub(super) fn start(plan: &LaunchPlan, before: &Before) -> io::Result<pid_t> {
    #[cfg(target_os = "linux")]
    if !plan.is_emulated {
        return start_here(plan, before);
    }
    start_copy(plan, before)
}

/// Starts the process of the test in the memory of this one, which stands still until it runs its
/// program: that is faster than a copy.
#[cfg(target_os = "linux")]
fn start_here(plan: &LaunchPlan, before: &Before) -> io::Result<pid_t> {
    let mut start = Start {
        plan,
        before,
        failure: None,
    };
    // SAFETY: the stack is that of this process alone. It uses this memory only while this one
    // stands still.
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

/// Starts the process of the test as a copy of this one, which says through a pipe why it did not
/// become another program; the pipe closes when it does.
fn start_copy(plan: &LaunchPlan, before: &Before) -> io::Result<pid_t> {
    // SAFETY: all pointers are to locals. The copy calls only what is safe after a fork, and goes on
    // to run a program.
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
        // It reads again after an interruption.
        if failure.read_exact(&mut error).is_ok() {
            return Err(io::Error::from_raw_os_error(i32::from_ne_bytes(error)));
        }
        Ok(child)
    }
}

/// Becomes the test: returns only when that is not possible.
fn become_test(plan: &LaunchPlan, before: &Before) -> io::Error {
    match try_become_test(plan, before) {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

fn try_become_test(plan: &LaunchPlan, before: &Before) -> io::Result<Infallible> {
    // SAFETY: all calls are safe between fork and exec, and get valid pointers: those of the program
    // end with null and live as long as the plan.
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
        // Behind the network, because a change of rights may take it back.
        #[cfg(target_os = "linux")]
        {
            check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0))?;
        }
        if libc::getppid() != before.supervisor {
            libc::_exit(1);
        }
        // Last, because a signal that has come meanwhile ends this process then.
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
