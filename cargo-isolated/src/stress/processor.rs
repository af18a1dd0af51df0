//! Binds threads to processors and lowers their priority, on Linux.

pub(super) use self::sys::{allowed, bind_to, lower_priority};

/// The reason if processors cannot be throttled.
pub(crate) fn refusal() -> Option<&'static str> {
    if cfg!(target_os = "linux") {
        None
    } else {
        Some("throttled processors need Linux")
    }
}

#[cfg(target_os = "linux")]
mod sys {
    use std::io;

    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::unistd::Pid;

    /// The processors that this process may use.
    pub(in crate::stress) fn allowed() -> io::Result<Vec<usize>> {
        let set = sched_getaffinity(Pid::from_raw(0))?;
        let all = 0..CpuSet::count();
        Ok(all
            .filter(|cpu| set.is_set(*cpu).unwrap_or(false))
            .collect())
    }

    /// Binds the calling thread, and those it starts, to a processor.
    pub(in crate::stress) fn bind_to(processor: usize) -> io::Result<()> {
        let mut set = CpuSet::new();
        set.set(processor)?;
        Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
    }

    /// Lowers the priority of the calling thread.
    #[expect(unsafe_code, reason = "the standard library knows no priorities")]
    pub(in crate::stress) fn lower_priority(niceness: i32) -> io::Result<()> {
        // SAFETY: the calls take only integers. Zero is the calling thread.
        let done = unsafe {
            let old = libc::getpriority(libc::PRIO_PROCESS, 0);
            libc::setpriority(libc::PRIO_PROCESS, 0, (old + niceness).min(19))
        };
        if done == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod sys {
    use std::io;

    fn refused<T>() -> io::Result<T> {
        Err(io::Error::other(super::refusal().unwrap_or_default()))
    }

    pub(in crate::stress) fn allowed() -> io::Result<Vec<usize>> {
        refused()
    }

    pub(in crate::stress) fn bind_to(_processor: usize) -> io::Result<()> {
        refused()
    }

    pub(in crate::stress) fn lower_priority(_niceness: i32) -> io::Result<()> {
        refused()
    }
}
