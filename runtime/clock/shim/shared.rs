//! Finds the memory that the processes of a test share.

use core::ffi::{c_char, c_int, c_long, c_void, CStr};
use core::mem::size_of;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::next::{clock_gettime, monotonic, real};
use crate::page::Page;
use crate::{Time, CLOCK_MONOTONIC};

/// The memory; null if there is none.
static PAGE: AtomicPtr<Page> = AtomicPtr::new(ptr::null_mut());

extern "C" {
    static environ: *const *const c_char;
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    fn close(file: c_int) -> c_int;
    fn mmap(
        at: *mut c_void,
        size: usize,
        protection: c_int,
        flags: c_int,
        file: c_int,
        offset: c_long,
    ) -> *mut c_void;
    fn write(file: c_int, text: *const c_void, size: usize) -> isize;
}

/// Runs before the constructors of the program, so that they too see the clock.
#[used]
#[link_section = ".init_array"]
static BEGIN: extern "C" fn(c_int, *const *const c_char, *const *const c_char) = begin;

/// glibc passes the environment, because `environ` may not be set yet. Other C libraries set it before.
extern "C" fn begin(_: c_int, _: *const *const c_char, passed: *const *const c_char) {
    // Look up the original, which a signal handler must not do.
    unsafe {
        clock_gettime(
            CLOCK_MONOTONIC,
            &mut Time {
                seconds: 0,
                nanos: 0,
            },
        )
    };
    let variables = unsafe {
        if environ.is_null() {
            passed
        } else {
            environ
        }
    };
    let path = unsafe { variable(variables, b"ISOLATED_CLOCK=") };
    let page = path.map_or(ptr::null_mut(), |path| unsafe { map(path) });
    if page.is_null() {
        // A program with the wrong time must not go unnoticed.
        const SAID: &[u8] = b"isolated-test: a program of a test sees the real clock, because the clock of the test \
            cannot be reached through `ISOLATED_CLOCK`\n";
        unsafe { write(2, SAID.as_ptr().cast(), SAID.len()) };
    }
    PAGE.store(page, Ordering::Release);
}

/// The value of an environment variable; the name ends with `=`.
unsafe fn variable(mut entry: *const *const c_char, name: &[u8]) -> Option<*const c_char> {
    while !entry.is_null() && !(*entry).is_null() {
        let text = CStr::from_ptr(*entry).to_bytes();
        if text.starts_with(name) {
            return Some((*entry).add(name.len()));
        }
        entry = entry.add(1);
    }
    None
}

/// Maps the memory for reading. Null if the file is not such a memory.
unsafe fn map(path: *const c_char) -> *mut Page {
    const O_CLOEXEC: c_int = 0o2_000_000;
    const READ: c_int = 1;
    const SHARED: c_int = 1;

    let file = open(path, O_CLOEXEC);
    if file < 0 {
        return ptr::null_mut();
    }
    let page = mmap(ptr::null_mut(), size_of::<Page>(), READ, SHARED, file, 0);
    close(file);
    // `MAP_FAILED`
    if page as usize == usize::MAX || !(*page.cast::<Page>()).is_valid() {
        return ptr::null_mut();
    }
    page.cast()
}

/// The time of day on the clock of the test; the real one if the program has none.
pub(crate) fn now() -> Time {
    let page = PAGE.load(Ordering::Acquire);
    if page.is_null() {
        return real();
    }
    let setting = unsafe { &*page }.setting();
    let (seconds, nanos) = if setting.speed == 0.0 {
        (setting.seconds, setting.nanos)
    } else {
        setting.at(monotonic())
    };
    Time {
        seconds,
        nanos: nanos as c_long,
    }
}
