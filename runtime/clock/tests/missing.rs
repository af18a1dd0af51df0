//! A function that the C library does not have fails as it would in another library, and is not called.

#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "the library calls functions of the C library")]

use core::ffi::c_int;

#[path = "../shim/next.rs"]
mod next;

use next::next;

const ENOSYS: c_int = 38;

#[test]
fn a_function_that_exists_is_called() {
    let number: c_int = -7;
    assert_eq!(next!(abs: fn(c_int) -> c_int, number), 7);
}

#[test]
fn most_functions_set_an_error_and_return_minus_one() {
    let queue: c_int = 0;
    next::fail(0);
    assert_eq!(next!(mq_missing: fn(c_int) -> isize, queue), -1);
    assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(ENOSYS));
}

#[test]
fn functions_of_threads_return_an_error() {
    let lock: c_int = 0;
    next::fail(0);
    assert_eq!(next!(pthread_missing: fn(c_int) -> c_int, lock), ENOSYS);
    assert_eq!(next!(cnd_missing: fn(c_int) -> c_int, lock), 2);
    assert_eq!(next!(mtx_missing: fn(c_int) -> c_int, lock), 2);
    assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(0));
}

#[test]
fn names_whose_error_is_their_own() {
    assert_eq!(next::missing("clock_nanosleep"), ENOSYS);
    assert_eq!(next::missing("timespec_get"), 0);
}
