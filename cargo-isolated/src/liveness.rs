//! Whether a process is still running.

/// Whether a process may still be running. If another process has its ID by now, it seems so.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library cannot look for a process")]
pub(crate) fn may_run(id: u32) -> bool {
    let Ok(id) = libc::pid_t::try_from(id) else {
        return true;
    };
    // SAFETY: the call takes only integers, and signal 0 is not sent.
    let result = unsafe { libc::kill(id, 0) };
    result == 0 || std::io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

/// The standard library cannot look for a process, so every process may be running.
#[cfg(not(unix))]
pub(crate) fn may_run(_id: u32) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::{Command, id};

    use super::may_run;

    #[test]
    fn a_process_may_run_until_it_is_reaped() {
        let mut child = Command::new("true").spawn().expect("a process");
        assert!(may_run(child.id()));
        child.wait().expect("a child");
        assert!(!may_run(child.id()));
        assert!(may_run(id()));
        // Init belongs to another user.
        assert!(may_run(1));
        assert!(may_run(0) && may_run(u32::MAX), "these are no IDs");
    }
}
