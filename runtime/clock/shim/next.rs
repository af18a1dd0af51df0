//! Calls the functions of the C library that this library replaces.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

unsafe extern "C" {
    safe fn __errno_location() -> *mut c_int;
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// A function of the C library, looked up on its first use.
pub(crate) struct Next {
    name: &'static CStr,
    found: AtomicPtr<c_void>,
}

impl Next {
    /// The name must end with a null, or it does not compile.
    pub(crate) const fn new(name: &'static str) -> Self {
        let Ok(name) = CStr::from_bytes_with_nul(name.as_bytes()) else {
            panic!("the name has no null at its end");
        };
        Next {
            name,
            found: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Null if the C library does not have it.
    pub(crate) fn get(&self) -> *mut c_void {
        let found = self.found.load(Ordering::Relaxed);
        if found.is_null() {
            self.look_up()
        } else {
            found
        }
    }

    #[cold]
    fn look_up(&self) -> *mut c_void {
        let next = usize::MAX as *mut c_void; // `RTLD_NEXT`
        // SAFETY: the handle is one for `dlsym`, and the name ends with a null.
        let found = unsafe { dlsym(next, self.name.as_ptr()) };
        self.found.store(found, Ordering::Relaxed);
        found
    }
}

/// Calls a function of the C library, or fails as that function does if the library does not have it.
///
/// # Safety
///
/// The type is that of the function. Each argument was passed to its replacement by the program, or is
/// a pointer to a local that the function may use.
macro_rules! next {
    ($name:ident: fn($($type:ty),*) -> $result:ty, $($argument:ident),*) => {{
        static NEXT: $crate::next::Next = $crate::next::Next::new(concat!(stringify!($name), "\0"));
        type Function = unsafe extern "C" fn($($type),*) -> $result;
        let function = NEXT.get();
        // SAFETY: the user of this macro guarantees the type, and null is `None`.
        match unsafe { core::mem::transmute::<*mut core::ffi::c_void, Option<Function>>(function) } {
            // SAFETY: the user of this macro guarantees that the arguments are valid.
            Some(function) => unsafe { function($($argument),*) },
            None => $crate::next::missing(stringify!($name)) as $result,
        }
    }};
}
pub(crate) use next;

/// Fails as a function does that the C library does not have. Programs find it here nevertheless.
#[cold]
pub(crate) fn missing(name: &str) -> c_int {
    const ENOSYS: c_int = 38;
    const THRD_ERROR: c_int = 2;

    if name.starts_with("pthread_") || name == "clock_nanosleep" {
        return ENOSYS;
    }
    if name.starts_with("cnd_") || name.starts_with("mtx_") {
        return THRD_ERROR;
    }
    if name == "timespec_get" {
        return 0;
    }
    fail(ENOSYS)
}

/// Fails as most functions of the C library do.
pub(crate) fn fail(error: c_int) -> c_int {
    // SAFETY: the pointer is to the `errno` of this thread.
    unsafe { *__errno_location() = error };
    -1
}
