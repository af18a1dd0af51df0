//! The functions of the C library that this library replaces.

use core::ffi::{c_char, c_int, c_void};
use core::mem::transmute;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::{Time, CLOCK_MONOTONIC, CLOCK_REALTIME};

extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// A function of the C library, looked up on its first use.
pub(crate) struct Next {
    name: &'static [u8],
    found: AtomicPtr<c_void>,
}

impl Next {
    /// The name ends with a null.
    pub(crate) const fn new(name: &'static [u8]) -> Self {
        Next {
            name,
            found: AtomicPtr::new(ptr::null_mut()),
        }
    }

    pub(crate) fn get(&self) -> *mut c_void {
        let mut function = self.found.load(Ordering::Relaxed);
        if function.is_null() {
            let next = usize::MAX as *mut c_void; // `RTLD_NEXT`
            function = unsafe { dlsym(next, self.name.as_ptr().cast()) };
            self.found.store(function, Ordering::Relaxed);
        }
        function
    }
}

/// Calls a function of the C library.
macro_rules! next {
    ($name:literal: fn($($type:ty),*) -> $result:ty, $($argument:expr),*) => {{
        static NEXT: $crate::next::Next = $crate::next::Next::new($name);
        type Function = unsafe extern "C" fn($($type),*) -> $result;
        let function = NEXT.get();
        core::mem::transmute::<*mut core::ffi::c_void, Function>(function)($($argument),*)
    }};
}
pub(crate) use next;

static CLOCK_GETTIME: Next = Next::new(b"clock_gettime\0");

/// The original `clock_gettime`.
pub(crate) unsafe fn clock_gettime(clock: c_int, time: *mut Time) -> c_int {
    type Function = unsafe extern "C" fn(c_int, *mut Time) -> c_int;
    transmute::<*mut c_void, Function>(CLOCK_GETTIME.get())(clock, time)
}

fn now(clock: c_int) -> Time {
    let mut time = Time {
        seconds: 0,
        nanos: 0,
    };
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
