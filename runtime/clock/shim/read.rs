//! The functions that read or set the time of day.

use core::ffi::{c_int, c_long, c_void};

use crate::next::{self, next};
use crate::page::{MAGIC, PROBE};
use crate::{is_of_day, shared, Time};

/// `struct timeval`.
#[repr(C)]
pub(crate) struct Micros {
    seconds: i64,
    micros: c_long,
}

extern "C" {
    fn __errno_location() -> *mut c_int;
}

#[no_mangle]
unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Time) -> c_int {
    if is_of_day(clock) {
        *time = shared::now();
        return 0;
    }
    if clock == PROBE {
        *time = Time {
            seconds: MAGIC as i64,
            nanos: 0,
        };
        return 0;
    }
    next::clock_gettime(clock, time)
}

#[no_mangle]
unsafe extern "C" fn gettimeofday(time: *mut Micros, zone: *mut c_void) -> c_int {
    if !zone.is_null() {
        // The time zone of the kernel, which nobody uses.
        next!(b"gettimeofday\0": fn(*mut Micros, *mut c_void) -> c_int, core::ptr::null_mut(), zone);
    }
    if !time.is_null() {
        let now = shared::now();
        *time = Micros {
            seconds: now.seconds,
            micros: now.nanos / 1000,
        };
    }
    0
}

#[no_mangle]
unsafe extern "C" fn time(time: *mut i64) -> i64 {
    let now = shared::now().seconds;
    if !time.is_null() {
        *time = now;
    }
    now
}

#[no_mangle]
unsafe extern "C" fn timespec_get(time: *mut Time, base: c_int) -> c_int {
    const TIME_UTC: c_int = 1;

    if base == TIME_UTC {
        *time = shared::now();
        return base;
    }
    next!(b"timespec_get\0": fn(*mut Time, c_int) -> c_int, time, base)
}

/// `struct timeb`.
#[repr(C)]
pub(crate) struct Millis {
    seconds: i64,
    millis: u16,
    zone: i16,
    is_summer: i16,
}

#[no_mangle]
unsafe extern "C" fn ftime(time: *mut Millis) -> c_int {
    let now = shared::now();
    *time = Millis {
        seconds: now.seconds,
        millis: (now.nanos / 1_000_000) as u16,
        zone: 0,
        is_summer: 0,
    };
    0
}

/// A test with a clock of its own must not set that of the machine.
unsafe fn refuse() -> c_int {
    const EPERM: c_int = 1;

    *__errno_location() = EPERM;
    -1
}

#[no_mangle]
unsafe extern "C" fn clock_settime(clock: c_int, time: *const Time) -> c_int {
    if is_of_day(clock) {
        return refuse();
    }
    next!(b"clock_settime\0": fn(c_int, *const Time) -> c_int, clock, time)
}

#[no_mangle]
unsafe extern "C" fn settimeofday(_time: *const Micros, _zone: *const c_void) -> c_int {
    refuse()
}
