//! The clocks of the machine.

use core::ffi::c_int;

use crate::next::next;
use crate::{CLOCK_MONOTONIC, CLOCK_REALTIME, Time};

/// The original `clock_gettime`.
///
/// # Safety
///
/// The time can be written.
pub(crate) unsafe fn clock_gettime(clock: c_int, time: *mut Time) -> c_int {
    next!(clock_gettime: fn(c_int, *mut Time) -> c_int, clock, time)
}

fn now(clock: c_int) -> Time {
    let mut time = Time {
        seconds: 0,
        nanos: 0,
    };
    // SAFETY: the time is a local.
    unsafe { clock_gettime(clock, &mut time) };
    time
}

/// The real time of day.
pub(crate) fn real() -> Time {
    now(CLOCK_REALTIME)
}

/// The monotonic clock in nanoseconds.
pub(crate) fn monotonic() -> u64 {
    let time = now(CLOCK_MONOTONIC);
    time.seconds as u64 * 1_000_000_000 + time.nanos as u64
}
