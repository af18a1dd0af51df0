//! A supervisor, as its parent has it: how it is started and collected.

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

/// A supervisor that was started.
///
/// On Linux no signal tells of its end, so nobody else in this process collects it: neither who
/// waits for any child, nor the kernel where `SIGCHLD` is ignored. Elsewhere both may happen, and
/// are no reason to fail: the supervisor has said before how the test has ended.
pub(super) struct Offspring {
    pid: pid_t,
    #[cfg(target_os = "linux")]
    stacks: Option<Stacks>,
    is_over: bool,
}

#[cfg(target_os = "linux")]
extern "C" fn enter(plan: *mut libc::c_void) -> libc::c_int {
    // SAFETY: it points to a plan that stays until the supervisor says that it has started.
    supervisor::run(unsafe { &*plan.cast::<LaunchPlan>() })
}

impl Offspring {
    /// Starts it.
    ///
    /// # Safety
    ///
    /// All signals are blocked, and the plan stays, until it has said that it has started or until
    /// it has ended; meanwhile this thread does nothing but wait for that.
    #[cfg(target_os = "linux")]
    pub(super) unsafe fn start(plan: &LaunchPlan, stacks: Stacks) -> io::Result<Self> {
        let start = |flags| {
            let plan = ptr::from_ref(plan).cast_mut().cast();
            // SAFETY: the stack is for it alone, and the plan is there.
            unsafe { libc::clone(enter, stacks.of_supervisor(), flags, plan) }
        };
        let pid = if plan.is_emulated {
            // There, neither stacks nor signals can be chosen.
            // SAFETY: the copy does only what is allowed in one.
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

    /// Starts it.
    ///
    /// # Safety
    ///
    /// All signals are blocked.
    #[cfg(not(target_os = "linux"))]
    pub(super) unsafe fn start(plan: &LaunchPlan) -> io::Result<Self> {
        // SAFETY: the copy does only what is allowed in one.
        match supervisor::check(unsafe { libc::fork() })? {
            0 => supervisor::run(plan),
            pid => Ok(Offspring {
                pid,
                is_over: false,
            }),
        }
    }

    /// One that has ended and was collected.
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

    /// Waits until it has ended.
    pub(super) fn wait(&mut self) {
        if !mem::replace(&mut self.is_over, true) {
            collect(self.pid);
            #[cfg(target_os = "linux")]
            if let Some(stacks) = self.stacks.take() {
                stacks.give_back();
            }
        }
    }

    /// Leaves behind what cannot be ended; its stacks stay.
    pub(super) fn abandon(&mut self) {
        self.is_over = true;
        #[cfg(target_os = "linux")]
        mem::forget(self.stacks.take());
    }
}

/// Waits until a child has ended, whose status does not matter: somebody else may have collected it.
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

/// Whether a supervisor can run in the memory of its parent without ending with it: older kernels
/// than 5.16 end all who share the memory of a process that dumps core.
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

/// All signals of this thread, blocked for a while.
pub(super) struct Blocked {
    before: libc::sigset_t,
}

impl Blocked {
    pub(super) fn all() -> io::Result<Self> {
        // SAFETY: both sets are locals, of which all zeroes are valid ones.
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

    /// The signal mask from before.
    pub(super) fn before(&self) -> libc::sigset_t {
        self.before
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: the set is that of before.
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
