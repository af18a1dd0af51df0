//! The time of day of the machine, also in a process of a test that has a clock of its own.
//!
//! Records, traces and the ages of files are about the machine and not about the test.

#![cfg_attr(
    target_os = "linux",
    expect(
        unsafe_code,
        reason = "the standard library reads the clock of the test"
    )
)]

use std::time::SystemTime;
#[cfg(target_os = "linux")]
use std::{
    mem::MaybeUninit,
    sync::OnceLock,
    time::{Duration, UNIX_EPOCH},
};

/// A clock that only the library of `isolated-test-clock` knows.
#[cfg(target_os = "linux")]
pub(super) const PROBE: libc::clockid_t = 0x1501_a7ed;

#[cfg(all(target_os = "linux", feature = "clock"))]
const _: () = assert!(PROBE == isolated_test_clock::PROBE);

/// The time of day of the machine.
#[cfg(not(target_os = "linux"))]
pub(crate) fn real_time() -> SystemTime {
    SystemTime::now()
}

/// The time of day of the machine.
#[cfg(target_os = "linux")]
pub(crate) fn real_time() -> SystemTime {
    if !is_clock_replaced() {
        return SystemTime::now();
    }
    let asked = |time: *mut libc::timespec| {
        // SAFETY: there is room for what the kernel writes.
        unsafe { libc::syscall(libc::SYS_clock_gettime, libc::CLOCK_REALTIME, time) == 0 }
    };
    let since = read(asked).map(|time| {
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
        Duration::new(seconds, nanos)
    });
    UNIX_EPOCH + since.unwrap_or_default()
}

/// Whether this program reads the time of day from the library of a test's clock. Costs a system
/// call once.
#[cfg(target_os = "linux")]
pub(crate) fn is_clock_replaced() -> bool {
    static IS_REPLACED: OnceLock<bool> = OnceLock::new();

    *IS_REPLACED.get_or_init(|| {
        // SAFETY: there is room for what is written.
        read(|time| unsafe { libc::clock_gettime(PROBE, time) == 0 }).is_some()
    })
}

/// The time that a call writes; `None` if it fails.
#[cfg(target_os = "linux")]
pub(super) fn read(ask: impl FnOnce(*mut libc::timespec) -> bool) -> Option<libc::timespec> {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: zeros are a valid time, whether or not another one was written.
    ask(time.as_mut_ptr()).then(|| unsafe { time.assume_init() })
}
