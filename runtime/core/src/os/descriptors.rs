//! Closes the descriptors that a supervisor must not keep.

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

unsafe fn close_between(first: RawFd, last: RawFd) {
    /// The upper bound, also where no limit is known: no process is expected to have more.
    const MOST: RawFd = 65_536;

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
    // SAFETY: the calls take numbers only.
    unsafe {
        let limit = RawFd::try_from(libc::sysconf(libc::_SC_OPEN_MAX)).unwrap_or(MOST);
        for fd in first..=last.min(limit.min(MOST)) {
            libc::close(fd);
        }
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
