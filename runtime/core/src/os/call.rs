//! The system calls of a supervisor, which may run in the memory of its parent.
//!
//! They leave `errno` alone, because it belongs to the thread that started the supervisor and
//! continues. A failure is a negative number.

#![expect(
    unsafe_code,
    reason = "the standard library makes no call without touching the thread"
)]

use std::ffi::CStr;
use std::mem;
use std::os::fd::RawFd;
use std::ptr;

use libc::{c_int, c_long, pid_t};

/// Whether calls leave `errno` alone.
pub(super) const ARE_RAW: bool = true;

/// Makes a system call.
///
/// # Safety
///
/// The requirements of that call apply.
#[cfg(target_arch = "x86_64")]
unsafe fn raw(number: c_long, arguments: [usize; 5]) -> isize {
    let result;
    // SAFETY: this is the kernel's calling convention, which changes no other register.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") arguments[0], in("rsi") arguments[1], in("rdx") arguments[2], in("r10") arguments[3], in("r8") arguments[4], in("r9") 0,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    result
}

#[cfg(target_arch = "aarch64")]
unsafe fn raw(number: c_long, arguments: [usize; 5]) -> isize {
    let result;
    // SAFETY: this is the kernel's calling convention, which changes no other register.
    unsafe {
        std::arch::asm!(
            "svc 0",
            in("x8") number, inlateout("x0") arguments[0] => result,
            in("x1") arguments[1], in("x2") arguments[2], in("x3") arguments[3], in("x4") arguments[4], in("x5") 0,
            options(nostack),
        );
    }
    result
}

#[cfg(target_arch = "riscv64")]
unsafe fn raw(number: c_long, arguments: [usize; 5]) -> isize {
    let result;
    // SAFETY: this is the kernel's calling convention, which changes no other register.
    unsafe {
        std::arch::asm!(
            "ecall",
            in("a7") number, inlateout("a0") arguments[0] => result,
            in("a1") arguments[1], in("a2") arguments[2], in("a3") arguments[3], in("a4") arguments[4], in("a5") 0,
            options(nostack),
        );
    }
    result
}

#[expect(
    clippy::cast_sign_loss,
    reason = "the kernel takes the lower half of the register as it is"
)]
fn word(number: c_int) -> usize {
    number as usize
}

#[expect(clippy::cast_possible_truncation, reason = "results are small")]
fn narrow(result: isize) -> c_int {
    result as c_int
}

/// Collects a child that has ended: its process ID, 0 if there is none yet, or a negative error.
pub(super) fn wait_any(status: &mut c_int) -> pid_t {
    let status = ptr::from_mut(status) as usize;
    let arguments = [word(-1), status, word(libc::WNOHANG), 0, 0];
    // SAFETY: the status can be written.
    narrow(unsafe { raw(libc::SYS_wait4, arguments) })
}

/// Waits until a descriptor is readable, at most for `milliseconds`.
pub(super) fn poll(fds: &mut [libc::pollfd], milliseconds: Option<i64>) {
    /// The `timespec` of `SYS_ppoll`, which has these fields on every processor.
    #[repr(C)]
    struct Time {
        seconds: c_long,
        nanoseconds: c_long,
    }

    let time = milliseconds.map(|all| Time {
        seconds: c_long::try_from(all / 1_000).unwrap_or(c_long::MAX),
        nanoseconds: c_long::try_from(all % 1_000).unwrap_or(0) * 1_000_000,
    });
    let time = time.as_ref().map_or(0, |time| ptr::from_ref(time) as usize);
    let arguments = [fds.as_mut_ptr() as usize, fds.len(), time, 0, 0];
    // SAFETY: the descriptors are valid for their length, and the time is there or null.
    unsafe { raw(libc::SYS_ppoll, arguments) };
}

pub(super) fn send(fd: RawFd, bytes: &[u8]) -> isize {
    let flags = word(libc::MSG_NOSIGNAL);
    let arguments = [word(fd), bytes.as_ptr() as usize, bytes.len(), flags, 0];
    // SAFETY: the buffer can be read for its length.
    unsafe { raw(libc::SYS_sendto, arguments) }
}

pub(super) fn read(fd: RawFd, buffer: &mut [u8]) -> isize {
    let arguments = [word(fd), buffer.as_mut_ptr() as usize, buffer.len(), 0, 0];
    // SAFETY: the buffer can be written for its length.
    unsafe { raw(libc::SYS_read, arguments) }
}

pub(super) fn open(path: &CStr) -> RawFd {
    let flags = word(libc::O_RDONLY | libc::O_CLOEXEC);
    let arguments = [word(libc::AT_FDCWD), path.as_ptr() as usize, flags, 0, 0];
    // SAFETY: the path ends with a null.
    narrow(unsafe { raw(libc::SYS_openat, arguments) })
}

pub(super) unsafe fn close(fd: RawFd) {
    // SAFETY: the caller owns the descriptor.
    unsafe { raw(libc::SYS_close, [word(fd), 0, 0, 0, 0]) };
}

/// Returns the action of a signal, and may set a new one, which is `SIG_DFL` or `SIG_IGN`. `None`
/// if the signal has no action.
///
/// The function of the C library may take a lock, which may stay locked forever in a forked copy:
/// musl's does.
pub(super) fn action(signal: c_int, new: Option<libc::sighandler_t>) -> Option<libc::sighandler_t> {
    /// The handler, the flags, on some processors a function to return through, and the mask.
    type Action = [usize; 4];

    let to: Option<Action> = new.map(|handler| [handler, 0, 0, 0]);
    let to = to.as_ref().map_or(0, |to| ptr::from_ref(to) as usize);
    let mut before: Action = [0; 4];
    let from = before.as_mut_ptr() as usize;
    let arguments = [word(signal), to, from, mem::size_of::<u64>(), 0];
    // SAFETY: both are at least as long as the structure of the kernel.
    let result = unsafe { raw(libc::SYS_rt_sigaction, arguments) };
    (result == 0).then_some(before[0])
}

pub(super) fn kill(pid: pid_t, signal: c_int) -> c_int {
    // SAFETY: the call takes numbers only.
    narrow(unsafe { raw(libc::SYS_kill, [word(pid), word(signal), 0, 0, 0]) })
}

pub(super) fn exit(status: c_int) -> ! {
    loop {
        // SAFETY: the call takes a number only, and does not return.
        unsafe { raw(libc::SYS_exit_group, [word(status), 0, 0, 0, 0]) };
    }
}

#[cfg(test)]
mod tests {
    use libc::{SIG_DFL, SIG_IGN, SIGUSR2};

    use super::action;

    #[test]
    fn the_action_of_a_signal_is_told_and_changed() {
        assert_eq!(action(SIGUSR2, None), Some(SIG_DFL));
        assert_eq!(action(SIGUSR2, Some(SIG_IGN)), Some(SIG_DFL));
        assert_eq!(action(SIGUSR2, Some(SIG_DFL)), Some(SIG_IGN));
        assert_eq!(action(SIGUSR2, None), Some(SIG_DFL));
        assert_eq!(action(0, None), None);
    }
}
