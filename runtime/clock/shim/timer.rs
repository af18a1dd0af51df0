//! `timerfd_settime`, which waits until a time of day if the timer was made for that clock.
//!
//! # Safety
//!
//! The caller passes a time to set that is null or valid.

use core::ffi::{c_char, c_int, c_void};

use crate::next::next;
use crate::wait::real_deadline;
use crate::{Time, is_of_day};

/// `struct itimerspec`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Timer {
    interval: Time,
    first: Time,
}

unsafe extern "C" {
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    fn close(file: c_int) -> c_int;
    fn read(file: c_int, text: *mut c_void, size: usize) -> isize;
}

const TFD_TIMER_ABSTIME: c_int = 1;
const O_CLOEXEC: c_int = 0o2_000_000;

#[unsafe(no_mangle)]
unsafe extern "C" fn timerfd_settime(
    file: c_int,
    flags: c_int,
    new: *const Timer,
    old: *mut Timer,
) -> c_int {
    let mut timer = new;
    let real;
    if flags & TFD_TIMER_ABSTIME != 0 && !new.is_null() {
        // SAFETY: it is not null, so the caller passes a valid one.
        let Timer { interval, first } = unsafe { *new };
        // Zero disarms the timer.
        let is_armed = first.seconds != 0 || first.nanos != 0;
        if is_armed && clock_of(file).is_some_and(is_of_day) {
            real = Timer {
                interval,
                first: real_deadline(first),
            };
            timer = &real;
        }
    }
    next!(timerfd_settime: fn(c_int, c_int, *const Timer, *mut Timer) -> c_int, file, flags, timer, old)
}

/// The clock of a timer, which only the kernel knows.
fn clock_of(file: c_int) -> Option<c_int> {
    const NAME: &[u8] = b"clockid: ";

    let path = path_of(file);
    // SAFETY: the path ends with a null.
    let info = unsafe { open(path.as_ptr().cast(), O_CLOEXEC) };
    if info < 0 {
        return None;
    }
    let mut text = [0_u8; 512];
    // SAFETY: the text has this length.
    let size = unsafe { read(info, text.as_mut_ptr().cast(), text.len()) };
    // SAFETY: it was opened here, and nothing else knows it.
    unsafe { close(info) };
    let text = text.get(..usize::try_from(size).ok()?)?;
    let at = text.windows(NAME.len()).position(|part| part == NAME)?;
    let digits = text
        .get(at + NAME.len()..)?
        .iter()
        .take_while(|digit| digit.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + c_int::from(digit - b'0')))
}

/// `/proc/self/fdinfo/FILE`, with a null at its end.
fn path_of(file: c_int) -> [u8; 32] {
    let mut path = *b"/proc/self/fdinfo/\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let mut size = 1;
    let mut power = 10;
    while i64::from(file) >= power {
        power *= 10;
        size += 1;
    }
    let digits = path.iter_mut().skip(18).take(size).rev();
    let mut rest = file;
    for digit in digits {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    path
}
