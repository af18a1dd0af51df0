//! The supervisor from the view of its parent: how to start and collect it.

#![expect(
    unsafe_code,
    reason = "the standard library starts only programs, by copies of this process"
)]

use std::io;
use std::mem;
use std::ptr;

use libc::pid_t;

use super::launch::LaunchPlan;
use super::stack::{Place, Stacks};
use super::supervisor::{self, check};

/// A function that a new process runs.
pub(super) type Entry = extern "C" fn(*mut libc::c_void) -> libc::c_int;

/// Starts a process that runs a function, as a copy of this one unless there is a place for it.
///
/// # Safety
///
/// The function does only what is allowed after a fork, and does not return. Its argument is valid.
/// In a place, nothing else uses the stack or what the argument points to, as long as the process
/// uses them.
pub(super) unsafe fn start(
    function: Entry,
    argument: *mut libc::c_void,
    place: Option<Place>,
) -> io::Result<pid_t> {
    #[cfg(target_os = "linux")]
    if let Some((stack, flags)) = place {
        // SAFETY: the caller guarantees what the new process needs.
        return check(unsafe { libc::clone(function, stack, flags, argument) });
    }
    #[cfg(not(target_os = "linux"))]
    let None = place;
    // SAFETY: the caller guarantees what the new process needs.
    let child = check(unsafe { libc::fork() })?;
    if child == 0 {
        function(argument);
    }
    Ok(child)
}

/// A started supervisor.
///
/// On Linux, unless emulated, its end sends no signal. So nothing else in this process collects it:
/// neither a wait for any child nor, where `SIGCHLD` is ignored, the kernel. Elsewhere both may
/// happen and are no failure, because the supervisor has already reported how the test ended.
pub(super) struct Offspring {
    pid: pid_t,
    stacks: Option<Stacks>,
    is_over: bool,
}

extern "C" fn enter(plan: *mut libc::c_void) -> libc::c_int {
    // SAFETY: it points to a plan that stays until the supervisor has reported its start.
    supervisor::run(unsafe { &*plan.cast::<LaunchPlan>() })
}

impl Offspring {
    /// Starts a supervisor.
    ///
    /// # Safety
    ///
    /// Until the supervisor has reported its start or has ended, all signals are blocked, the plan
    /// stays, and this thread does nothing but wait for that.
    pub(super) unsafe fn start(plan: &LaunchPlan, stacks: Option<Stacks>) -> io::Result<Self> {
        let place = stacks.as_ref().map(Stacks::of_supervisor);
        // SAFETY: nothing else uses the stacks, and the plan is valid.
        let pid = unsafe { start(enter, ptr::from_ref(plan).cast_mut().cast(), place) }?;
        Ok(Offspring {
            pid,
            stacks,
            is_over: false,
        })
    }

    /// A supervisor that has ended and was collected.
    #[cfg(test)]
    pub(super) fn gone() -> Self {
        Offspring {
            pid: 0,
            stacks: None,
            is_over: true,
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.pid.unsigned_abs()
    }

    /// Waits until the supervisor has ended, and collects it.
    pub(super) fn wait(&mut self) {
        if !mem::replace(&mut self.is_over, true) {
            collect(self.pid);
            if let Some(stacks) = self.stacks.take() {
                stacks.give_back();
            }
        }
    }

    /// Gives up on a supervisor that cannot be ended. It keeps its stacks.
    pub(super) fn abandon(&mut self) {
        self.is_over = true;
        mem::forget(self.stacks.take());
    }
}

/// Waits until a child has ended. Its status does not matter, because something else may have
/// collected it.
pub(super) fn collect(child: pid_t) {
    #[cfg(target_os = "linux")]
    const ANY_KIND: libc::c_int = libc::__WALL;
    #[cfg(not(target_os = "linux"))]
    const ANY_KIND: libc::c_int = 0;

    // SAFETY: the call takes numbers only.
    while unsafe { libc::waitpid(child, ptr::null_mut(), ANY_KIND) } < 0
        && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
    {}
}

impl Drop for Offspring {
    fn drop(&mut self) {
        self.wait();
    }
}

/// Blocks all signals of this thread until it is dropped.
pub(super) struct Blocked {
    /// The previous signal mask.
    pub(super) before: libc::sigset_t,
}

impl Blocked {
    pub(super) fn all() -> io::Result<Self> {
        // SAFETY: both sets are locals, for which all zeroes are valid.
        unsafe {
            let mut all: libc::sigset_t = mem::zeroed();
            let mut before: libc::sigset_t = mem::zeroed();
            libc::sigfillset(&raw mut all);
            match libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before) {
                0 => Ok(Blocked { before }),
                error => Err(io::Error::from_raw_os_error(error)),
            }
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: the set is the previous mask.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut());
        }
    }
}
