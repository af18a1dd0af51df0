//! Closes descriptors that a new process must not keep.

#![expect(
    unsafe_code,
    reason = "the standard library owns each descriptor and closes no others"
)]

use std::os::fd::RawFd;

/// Closes all descriptors except these.
///
/// # Safety
///
/// Nothing uses the closed descriptors any more.
pub(super) unsafe fn close_all_but(keep: &[&[RawFd]]) {
    let mut from = 0;
    loop {
        // The lowest descriptor to keep from here on.
        let kept = keep.iter().copied().flatten().copied();
        let next = kept.filter(|fd| *fd >= from).min();
        // SAFETY: the caller guarantees that nothing uses the descriptors. The parent has its own
        // copies.
        unsafe { close_between(from, next.map_or(RawFd::MAX, |next| next - 1)) };
        match next {
            Some(next) => from = next + 1,
            None => return,
        }
    }
}

/// The upper bound of descriptors, also where no limit is known: no process is expected to have more.
const MOST: RawFd = 65_536;

unsafe fn close_between(first: RawFd, last: RawFd) {
    if first > last {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        // SAFETY: the call takes numbers only.
        let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
        if result == 0 {
            return;
        }
    }
    for fd in first..=last.min(limit()) {
        // SAFETY: the call takes a number only.
        unsafe { libc::close(fd) };
    }
}

fn limit() -> RawFd {
    // SAFETY: the call takes a number only.
    let limit = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) };
    RawFd::try_from(limit).map_or(MOST, |limit| limit.min(MOST))
}

/// Lets `exec` close all descriptors but the standard ones.
pub(super) fn close_at_exec() {
    const FIRST: RawFd = libc::STDERR_FILENO + 1;

    #[cfg(target_os = "linux")]
    {
        // SAFETY: the call takes numbers only.
        let result = unsafe {
            libc::syscall(
                libc::SYS_close_range,
                FIRST,
                RawFd::MAX,
                libc::CLOSE_RANGE_CLOEXEC,
            )
        };
        if result == 0 {
            return;
        }
    }
    for fd in FIRST..=limit() {
        // SAFETY: the call takes numbers only, and fails where there is no such descriptor.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// Gives this thread a separate descriptor table, which is empty.
#[cfg(target_os = "linux")]
pub(crate) fn begin_without_any() -> std::io::Result<()> {
    // SAFETY: the call takes a number only. The descriptors stay open for all other threads.
    unsafe {
        super::supervisor::check(libc::unshare(libc::CLONE_FILES))?;
        close_all_but(&[]);
    }
    Ok(())
}
