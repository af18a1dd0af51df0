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
use std::io::{self, Read, Write};
use std::os::fd::RawFd;
use std::os::unix::net::UnixStream;
use std::ptr;

use libc::{c_int, pid_t};

use super::offspring;
use super::process::behind_streams;
use super::program::Program;
use super::stack::Place;
use super::supervisor::{become_supervised, check};

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
    /// Where the subprocess runs in the memory of the supervisor, which is faster than a copy.
    pub(super) place: Option<Place>,
    #[cfg(target_os = "linux")]
    pub(super) network: Option<super::network::NamespaceSetup>,
}

/// The input of the new subprocess.
struct Start<'a> {
    plan: &'a LaunchPlan,
    supervisor: pid_t,
    /// Whether the parent ignores `SIGCHLD`; then the subprocess does, too.
    ignores_children: bool,
    /// The number of the error for which it could not run its program; 0 if it could.
    failure: c_int,
    /// Where a copy of this process reports that number. `exec` closes it.
    report: Option<UnixStream>,
}

extern "C" fn enter(start: *mut libc::c_void) -> c_int {
    // SAFETY: it points to a local of `start`, which nothing else uses until this process runs
    // another program or has ended, or of which this is a copy.
    let start = unsafe { &mut *start.cast::<Start<'_>>() };
    let Err(error) = become_test(start);
    start.failure = error.raw_os_error().unwrap_or(0);
    if let Some(report) = &mut start.report {
        let _ = report.write_all(&start.failure.to_ne_bytes());
    }
    // SAFETY: nothing in this process needs cleanup.
    unsafe { libc::_exit(1) }
}

/// Starts the subprocess, and waits until it runs its program.
pub(super) fn start(plan: &LaunchPlan, ignores_children: bool) -> io::Result<pid_t> {
    let mut start = Start {
        plan,
        // SAFETY: the call takes nothing and cannot fail.
        supervisor: unsafe { libc::getpid() },
        ignores_children,
        failure: 0,
        report: None,
    };
    let mut reported = None;
    if plan.place.is_none() {
        let (read, write) = UnixStream::pair()?;
        reported = Some(read);
        // The subprocess replaces the standard streams.
        start.report = Some(behind_streams(write.into())?.into());
    }
    // SAFETY: nothing else uses the place. There, the subprocess uses this memory only while this
    // process is suspended.
    let child = unsafe { offspring::start(enter, (&raw mut start).cast(), plan.place) }?;
    start.report = None;
    let mut number = [0; 4];
    if reported.is_some_and(|mut reported| reported.read_exact(&mut number).is_ok()) {
        start.failure = c_int::from_ne_bytes(number);
    }
    #[cfg(target_os = "linux")]
    wait_for_exec(child);
    match start.failure {
        0 => Ok(child),
        number => Err(io::Error::from_raw_os_error(number)),
    }
}

/// Waits until a child that executes a program has closed the descriptors that it does not inherit.
/// The kernel lets this process continue a little earlier, as soon as the child has memory of its own.
#[cfg(target_os = "linux")]
pub(super) fn wait_for_exec(child: pid_t) {
    let mut byte = 0_u8;
    let local = libc::iovec {
        iov_base: (&raw mut byte).cast(),
        iov_len: 1,
    };
    let nowhere = libc::iovec {
        iov_base: ptr::null_mut(),
        iov_len: 1,
    };
    // Whatever the result, access to the memory of a process waits for its `exec`: for the kernel's
    // `exec_update_lock`, and before Linux 5.11 for `cred_guard_mutex`.
    // SAFETY: the kernel writes at most one byte, into `byte`.
    unsafe { libc::process_vm_readv(child, &raw const local, 1, &raw const nowhere, 1, 0) };
}

/// Becomes the test; returns only if that fails.
fn become_test(start: &Start<'_>) -> io::Result<Infallible> {
    let plan = start.plan;
    // SAFETY: all calls are safe between fork and exec and get valid pointers: those of the program
    // end with a null and live as long as the plan.
    unsafe {
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
            way.enter()?;
        }
        // After the network, because a change of credentials may reset it.
        become_supervised(start.supervisor, start.ignores_children)?;
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
