//! Replaces the functions of the C library that read the time of day, and those that wait until such a
//! time. The build script compiles this file and the processes of a test load it by `LD_PRELOAD`.
//!
//! It links to nothing: the C library's functions are found in the process. It allocates nothing, takes
//! no locks, and looks up the originals before `main`, so all functions can be called where the
//! originals can: in signal handlers and after `fork`.
//!
//! # Safety
//!
//! Each function with `#[unsafe(no_mangle)]` has the name and the type of the one that it replaces. The
//! program keeps the rules of that function: it passes valid pointers, and null only where it may.

#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

mod next;
#[path = "../src/page.rs"]
mod page;
mod read;
mod real;
mod shared;
mod timer;
mod wait;

use core::ffi::{c_int, c_long};

/// `struct timespec`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Time {
    seconds: i64,
    nanos: c_long,
}

const CLOCK_REALTIME: c_int = 0;
const CLOCK_MONOTONIC: c_int = 1;

/// Whether a clock shows the time of day: `CLOCK_REALTIME`, `_COARSE`, `_ALARM`, and `CLOCK_TAI`.
fn is_of_day(clock: c_int) -> bool {
    matches!(clock, 0 | 5 | 8 | 11)
}

// Code for panics names this function; nothing panics here. It must be hidden: other programs that load
// this library, such as rustc, have one that works.
core::arch::global_asm!(
    ".globl rust_eh_personality",
    ".hidden rust_eh_personality",
    "rust_eh_personality:",
    ".byte 0"
);

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
