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
#[cfg(target_os = "linux")]
use super::stack::Stacks;
use super::supervisor;

/// A started supervisor.
///
/// On Linux, unless emulated, its end sends no signal. So nothing else in this process collects it:
/// neither a wait for any child nor, where `SIGCHLD` is ignored, the kernel. Elsewhere both may
/// happen and are no failure, because the supervisor has already reported how the test ended.
pub(super) struct Offspring {
    pid: pid_t,
    #[cfg(target_os = "linux")]
    stacks: Option<Stacks>,
    is_over: bool,
}

#[cfg(target_os = "linux")]
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
    #[cfg(target_os = "linux")]
    pub(super) unsafe fn start(plan: &LaunchPlan, stacks: Stacks) -> io::Result<Self> {
        let start = |flags| {
            let plan = ptr::from_ref(plan).cast_mut().cast();
            // SAFETY: nothing else uses the stack, and the plan is valid.
            unsafe { libc::clone(enter, stacks.of_supervisor(), flags, plan) }
        };
        let pid = if plan.is_emulated {
            // An emulator supports neither a chosen stack nor a chosen signal.
            // SAFETY: the copy does only what is allowed after a fork.
            match unsafe { libc::fork() } {
                0 => supervisor::run(plan),
                pid => pid,
            }
        } else if memory_can_be_shared() {
            start(libc::CLONE_VM)
        } else {
            start(0)
        };
        Ok(Offspring {
            pid: supervisor::check(pid)?,
            stacks: Some(stacks),
            is_over: false,
        })
    }

    /// Starts a supervisor.
    ///
    /// # Safety
    ///
    /// All signals are blocked.
    #[cfg(not(target_os = "linux"))]
    pub(super) unsafe fn start(plan: &LaunchPlan) -> io::Result<Self> {
        // SAFETY: the copy does only what is allowed after a fork.
        match supervisor::check(unsafe { libc::fork() })? {
            0 => supervisor::run(plan),
            pid => Ok(Offspring {
                pid,
                is_over: false,
            }),
        }
    }

    /// A supervisor that has ended and was collected.
    #[cfg(test)]
    pub(super) fn gone() -> Self {
        Offspring {
            pid: 0,
            #[cfg(target_os = "linux")]
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
            #[cfg(target_os = "linux")]
            if let Some(stacks) = self.stacks.take() {
                stacks.give_back();
            }
        }
    }

    /// Gives up on a supervisor that cannot be ended. It keeps its stacks.
    pub(super) fn abandon(&mut self) {
        self.is_over = true;
        #[cfg(target_os = "linux")]
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

/// Whether a supervisor can share the memory of its parent without ending with it. Kernels before
/// 5.16 end all processes that share the memory of one that dumps core.
#[cfg(target_os = "linux")]
fn memory_can_be_shared() -> bool {
    use std::sync::OnceLock;

    static CAN_BE: OnceLock<bool> = OnceLock::new();

    *CAN_BE.get_or_init(|| {
        super::call::ARE_RAW
            && is_recent(&std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default())
    })
}

#[cfg(target_os = "linux")]
fn is_recent(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
    (next(), next()) >= (5_u32, 16_u32)
}

/// Blocks all signals of this thread until it is dropped.
pub(super) struct Blocked {
    before: libc::sigset_t,
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

    /// The previous signal mask.
    pub(super) fn before(&self) -> libc::sigset_t {
        self.before
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::is_recent;

    #[test]
    fn kernels_are_told_apart_by_their_numbers() {
        for recent in ["5.16.0", "6.1.0-18-amd64", "5.16-rc1", "10.0.1\n"] {
            assert!(is_recent(recent), "{recent}");
        }
        for old in [
            "5.15.167.4-microsoft-standard-WSL2",
            "4.4.0",
            "5.4",
            "",
            "x",
        ] {
            assert!(!is_recent(old), "{old}");
        }
    }
}
