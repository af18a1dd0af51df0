//! The functions that read or set the time of day.
//!
//! # Safety
//!
//! The caller passes a time that can be written, or null where the original function accepts it.

use core::ffi::{c_int, c_long, c_void};

use crate::next::{fail, next};
use crate::page::{MAGIC, PROBE};
use crate::{Time, is_of_day, real, shared};

/// `struct timeval`.
#[repr(C)]
pub(crate) struct Micros {
    seconds: i64,
    micros: c_long,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Time) -> c_int {
    let now = if is_of_day(clock) {
        shared::now()
    } else if clock == PROBE {
        Time {
            seconds: MAGIC as i64,
            nanos: 0,
        }
    } else {
        // SAFETY: the caller's promise is the same.
        return unsafe { real::clock_gettime(clock, time) };
    };
    // SAFETY: the caller lets us write the time.
    unsafe { *time = now };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn gettimeofday(time: *mut Micros, zone: *mut c_void) -> c_int {
    if !zone.is_null() {
        // The time zone of the kernel, which nobody uses.
        let nothing = core::ptr::null_mut();
        next!(gettimeofday: fn(*mut Micros, *mut c_void) -> c_int, nothing, zone);
    }
    if !time.is_null() {
        let now = shared::now();
        let now = Micros {
            seconds: now.seconds,
            micros: now.nanos / 1000,
        };
        // SAFETY: the caller lets us write a time that is not null.
        unsafe { *time = now };
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn time(time: *mut i64) -> i64 {
    let now = shared::now().seconds;
    if !time.is_null() {
        // SAFETY: the caller lets us write a time that is not null.
        unsafe { *time = now };
    }
    now
}

#[unsafe(no_mangle)]
unsafe extern "C" fn timespec_get(time: *mut Time, base: c_int) -> c_int {
    const TIME_UTC: c_int = 1;

    if base == TIME_UTC {
        // SAFETY: the caller lets us write the time.
        unsafe { *time = shared::now() };
        return base;
    }
    next!(timespec_get: fn(*mut Time, c_int) -> c_int, time, base)
}

/// `struct timeb`.
#[repr(C)]
pub(crate) struct Millis {
    seconds: i64,
    millis: u16,
    zone: i16,
    is_summer: i16,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftime(time: *mut Millis) -> c_int {
    let now = shared::now();
    let now = Millis {
        seconds: now.seconds,
        millis: (now.nanos / 1_000_000) as u16,
        zone: 0,
        is_summer: 0,
    };
    // SAFETY: the caller lets us write the time.
    unsafe { *time = now };
    0
}

/// A test with a clock of its own must not set that of the machine.
fn refuse() -> c_int {
    const EPERM: c_int = 1;

    fail(EPERM)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_settime(clock: c_int, time: *const Time) -> c_int {
    if is_of_day(clock) {
        return refuse();
    }
    next!(clock_settime: fn(c_int, *const Time) -> c_int, clock, time)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn settimeofday(_time: *const Micros, _zone: *const c_void) -> c_int {
    refuse()
}
