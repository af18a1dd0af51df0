//! Reports to `cargo isolated observe` which environment variables a program reads and sets. This file is
//! compiled on the user's machine, with any version of rustc, and preloaded into the observed programs.
//!
//! A report is a `prctl` that no kernel knows, so only the observer sees it.

#![no_std]

use core::ffi::{c_char, c_int, c_ulong, c_void};
use core::mem::transmute;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

const SHIM: c_int = 0x1501_a7ed;
const READ: c_ulong = 0;
const SET: c_ulong = 1;

extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    fn prctl(option: c_int, ...) -> c_int;
    fn __errno_location() -> *mut c_int;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

fn tell(how: c_ulong, name: *const c_char, value: *const c_char) {
    let zero: c_ulong = 0;
    unsafe {
        let errno = *__errno_location();
        prctl(SHIM, how, name, value, zero);
        *__errno_location() = errno;
    }
}

/// The function of the C library with this name, which ends with a null byte.
fn next(cache: &AtomicPtr<c_void>, name: &str) -> *mut c_void {
    let mut function = cache.load(Ordering::Relaxed);
    if function.is_null() {
        let next = usize::MAX as *mut c_void; // `RTLD_NEXT`
        function = unsafe { dlsym(next, name.as_ptr().cast()) };
        cache.store(function, Ordering::Relaxed);
    }
    function
}

/// Defines a function that reports its arguments and calls the original in the C library.
macro_rules! replace {
    ($($text:literal $name:ident($($argument:ident: $type:ty),*) -> $result:ty { $how:ident($variable:expr, $value:expr) })*) => {$(
        #[no_mangle]
        unsafe extern "C" fn $name($($argument: $type),*) -> $result {
            static NEXT: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
            type Function = unsafe extern "C" fn($($type),*) -> $result;
            tell($how, $variable, $value);
            let next = unsafe { transmute::<*mut c_void, Function>(next(&NEXT, $text)) };
            unsafe { next($($argument),*) }
        }
    )*};
}

replace! {
    "getenv\0" getenv(name: *const c_char) -> *mut c_char {
        READ(name, ptr::null())
    }
    "secure_getenv\0" secure_getenv(name: *const c_char) -> *mut c_char {
        READ(name, ptr::null())
    }
    "setenv\0" setenv(name: *const c_char, value: *const c_char, overwrite: c_int) -> c_int {
        SET(name, value)
    }
    "unsetenv\0" unsetenv(name: *const c_char) -> c_int {
        SET(name, ptr::null())
    }
    // The argument is `NAME=value`; the observer splits it.
    "putenv\0" putenv(text: *mut c_char) -> c_int {
        SET(text, ptr::null())
    }
}
