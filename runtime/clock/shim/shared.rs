//! Finds the memory that the processes of a test share.

use core::ffi::{CStr, c_char, c_int, c_long, c_void};
use core::mem::size_of;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::Time;
use crate::page::Page;
use crate::real::{monotonic, real};

/// The memory, which stays mapped; null if there is none.
static PAGE: AtomicPtr<Page> = AtomicPtr::new(ptr::null_mut());

unsafe extern "C" {
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
#[unsafe(link_section = ".init_array")]
static BEGIN: unsafe extern "C" fn(c_int, *const *const c_char, *const *const c_char) = begin;

/// glibc passes the environment, because `environ` may not be set yet. Other C libraries set it before.
///
/// # Safety
///
/// The C library calls it before `main`, so that nothing changes the environment meanwhile.
unsafe extern "C" fn begin(_: c_int, _: *const *const c_char, passed: *const *const c_char) {
    // Look up the original, which a signal handler must not do.
    monotonic();
    // SAFETY: nothing changes it meanwhile.
    let set = unsafe { environ };
    let variables = if set.is_null() { passed } else { set };
    // SAFETY: both are the environment of the program.
    let path = unsafe { variable(variables, b"ISOLATED_CLOCK=") };
    let page = path.map_or(ptr::null_mut(), map);
    if page.is_null() {
        // A program with the wrong time must not go unnoticed.
        const SAID: &[u8] = b"isolated-test: a program of a test sees the real clock, because the clock of the test \
            cannot be reached through `ISOLATED_CLOCK`\n";
        // SAFETY: the text has this length.
        unsafe { write(2, SAID.as_ptr().cast(), SAID.len()) };
    }
    PAGE.store(page, Ordering::Release);
}

/// The value of an environment variable; the name ends with `=`.
///
/// # Safety
///
/// The list of entries is null or ends with a null, and stays as it is while the value is in use.
unsafe fn variable<'a>(mut entry: *const *const c_char, name: &[u8]) -> Option<&'a CStr> {
    // SAFETY: neither the list nor any entry before this one is null.
    while !entry.is_null() && !unsafe { *entry }.is_null() {
        // SAFETY: an entry that is not null is text that ends with a null.
        let text = unsafe { CStr::from_ptr(*entry) }.to_bytes_with_nul();
        if let Some(value) = text.strip_prefix(name) {
            // SAFETY: it is the end of this text.
            return Some(unsafe { CStr::from_ptr(value.as_ptr().cast()) });
        }
        // SAFETY: at least a null follows an entry that is not null.
        entry = unsafe { entry.add(1) };
    }
    None
}

/// Maps the memory for reading. Null if the file is not such a memory.
fn map(path: &CStr) -> *mut Page {
    const O_CLOEXEC: c_int = 0o2_000_000;
    const READ: c_int = 1;
    const SHARED: c_int = 1;

    // SAFETY: the path ends with a null.
    let file = unsafe { open(path.as_ptr(), O_CLOEXEC) };
    if file < 0 {
        return ptr::null_mut();
    }
    // SAFETY: the kernel chooses where, so this replaces no other mapping.
    let page = unsafe { mmap(ptr::null_mut(), size_of::<Page>(), READ, SHARED, file, 0) };
    // SAFETY: it was opened here, and nothing else knows it.
    unsafe { close(file) };
    let page = page.cast::<Page>();
    let is_mapped = page as usize != usize::MAX; // `MAP_FAILED`

    // SAFETY: the mapping is as large as a `Page`, which is made of atomics, for which all values are
    // valid. If the file is smaller, this ends the program.
    if is_mapped && unsafe { &*page }.is_valid() {
        page
    } else {
        ptr::null_mut()
    }
}

/// The time of day on the clock of the test; the real one if the program has none.
pub(crate) fn now() -> Time {
    // SAFETY: it is null or stays mapped.
    let Some(page) = (unsafe { PAGE.load(Ordering::Acquire).as_ref() }) else {
        return real();
    };
    let setting = page.setting();
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
