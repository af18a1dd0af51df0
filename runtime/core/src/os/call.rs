//! The system calls of a supervisor, which may run in the memory of its parent.
//!
//! On Linux, where `ARE_RAW` holds, they leave `errno` alone, because it belongs to the thread that
//! started the supervisor and continues. A failure is a negative number.

#![expect(
    unsafe_code,
    reason = "the standard library makes no call without touching the thread"
)]

use std::ffi::CStr;
use std::mem;
use std::os::fd::RawFd;
use std::ptr;

use libc::{c_int, pid_t};

/// Whether calls leave `errno` alone on this processor.
#[cfg(target_os = "linux")]
pub(super) const ARE_RAW: bool = cfg!(all(
    target_pointer_width = "64",
    any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "riscv64"
    )
));

/// The result of [`collect`].
pub(super) enum ChildEnd {
    Child {
        pid: pid_t,
        status: c_int,
    },
    NoneYet,
    /// There is no child.
    Nobody,
}

/// Collects one child that has ended.
pub(super) fn collect() -> ChildEnd {
    let mut status = 0;
    loop {
        match wait_any(&mut status) {
            0 => return ChildEnd::NoneYet,
            pid if pid > 0 => return ChildEnd::Child { pid, status },
            error if error == -libc::EINTR => {}
            _ => return ChildEnd::Nobody,
        }
    }
}

/// Returns the action of a signal, and may set a new one, which is `SIG_DFL` or `SIG_IGN`. `None`
/// if the signal has no action.
///
/// The function of the C library may take a lock, which may stay locked forever in a forked copy:
/// musl's does.
pub(super) fn action(signal: c_int, new: Option<libc::sighandler_t>) -> Option<libc::sighandler_t> {
    #[cfg(target_os = "linux")]
    if ARE_RAW {
        return made::action(signal, new);
    }
    // SAFETY: both are locals, for which all zeroes are valid.
    unsafe {
        let [mut to, mut before]: [libc::sigaction; 2] = mem::zeroed();
        to.sa_sigaction = new.unwrap_or(libc::SIG_DFL);
        let to = new.map_or(ptr::null(), |_| &raw const to);
        (libc::sigaction(signal, to, &raw mut before) == 0).then_some(before.sa_sigaction)
    }
}

#[cfg(target_os = "linux")]
mod made {
    use super::{CStr, RawFd, c_int, mem, pid_t, ptr};
    use libc::c_long;

    /// Makes a system call.
    ///
    /// # Safety
    ///
    /// The requirements of that call apply.
    #[cfg(all(target_arch = "x86_64", target_pointer_width = "64"))]
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

    #[cfg(not(any(
        all(target_arch = "x86_64", target_pointer_width = "64"),
        target_arch = "aarch64",
        target_arch = "riscv64"
    )))]
    unsafe fn raw(number: c_long, arguments: [usize; 5]) -> isize {
        // SAFETY: the caller meets the requirements of the call.
        let result = unsafe {
            let [first, second, third, fourth, fifth] = arguments;
            libc::syscall(number, first, second, third, fourth, fifth, 0_usize)
        };
        if result < 0 {
            let error = std::io::Error::last_os_error().raw_os_error().unwrap_or(1);
            return isize::try_from(-error).unwrap_or(-1);
        }
        isize::try_from(result).unwrap_or(isize::MAX)
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

    pub(in crate::os) fn wait_any(status: &mut c_int) -> pid_t {
        let status = ptr::from_mut(status) as usize;
        let arguments = [word(-1), status, word(libc::WNOHANG), 0, 0];
        // SAFETY: the status can be written.
        narrow(unsafe { raw(libc::SYS_wait4, arguments) })
    }

    /// Waits until a descriptor is readable, at most for `milliseconds`.
    pub(in crate::os) fn poll(fds: &mut [libc::pollfd], milliseconds: Option<i64>) {
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

    pub(in crate::os) fn receive(fd: RawFd, buffer: &mut [u8], flags: c_int) -> isize {
        // These calls, here without an address, exist on every processor; `recv` and `send` do not.
        let arguments = [
            word(fd),
            buffer.as_mut_ptr() as usize,
            buffer.len(),
            word(flags),
            0,
        ];
        // SAFETY: the buffer can be written for its length.
        unsafe { raw(libc::SYS_recvfrom, arguments) }
    }

    pub(in crate::os) fn send(fd: RawFd, bytes: &[u8]) -> isize {
        let flags = word(libc::MSG_NOSIGNAL);
        let arguments = [word(fd), bytes.as_ptr() as usize, bytes.len(), flags, 0];
        // SAFETY: the buffer can be read for its length.
        unsafe { raw(libc::SYS_sendto, arguments) }
    }

    pub(in crate::os) fn read(fd: RawFd, buffer: &mut [u8]) -> isize {
        let arguments = [word(fd), buffer.as_mut_ptr() as usize, buffer.len(), 0, 0];
        // SAFETY: the buffer can be written for its length.
        unsafe { raw(libc::SYS_read, arguments) }
    }

    pub(in crate::os) fn open(path: &CStr) -> RawFd {
        let flags = word(libc::O_RDONLY | libc::O_CLOEXEC);
        let arguments = [word(libc::AT_FDCWD), path.as_ptr() as usize, flags, 0, 0];
        // SAFETY: the path ends with a null.
        narrow(unsafe { raw(libc::SYS_openat, arguments) })
    }

    pub(in crate::os) unsafe fn close(fd: RawFd) {
        // SAFETY: the caller owns the descriptor.
        unsafe { raw(libc::SYS_close, [word(fd), 0, 0, 0, 0]) };
    }

    pub(super) fn action(
        signal: c_int,
        new: Option<libc::sighandler_t>,
    ) -> Option<libc::sighandler_t> {
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

    pub(in crate::os) fn kill(pid: pid_t, signal: c_int) -> c_int {
        // SAFETY: the call takes numbers only.
        narrow(unsafe { raw(libc::SYS_kill, [word(pid), word(signal), 0, 0, 0]) })
    }

    pub(in crate::os) fn exit(status: c_int) -> ! {
        loop {
            // SAFETY: the call takes a number only, and does not return.
            unsafe { raw(libc::SYS_exit_group, [word(status), 0, 0, 0, 0]) };
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod made {
    use super::{CStr, RawFd, c_int, pid_t};

    fn or_error(result: c_int) -> c_int {
        if result < 0 {
            -std::io::Error::last_os_error().raw_os_error().unwrap_or(1)
        } else {
            result
        }
    }

    pub(in crate::os) fn wait_any(status: &mut c_int) -> pid_t {
        // SAFETY: the status can be written.
        or_error(unsafe { libc::waitpid(-1, status, libc::WNOHANG) })
    }

    /// Waits until a descriptor is readable, at most for `milliseconds`.
    pub(in crate::os) fn poll(fds: &mut [libc::pollfd], milliseconds: Option<i64>) {
        let timeout = milliseconds.map_or(-1, |all| c_int::try_from(all).unwrap_or(c_int::MAX));
        let length = libc::nfds_t::try_from(fds.len()).unwrap_or(0);
        // SAFETY: the descriptors are valid for their length.
        unsafe { libc::poll(fds.as_mut_ptr(), length, timeout) };
    }

    pub(in crate::os) fn receive(fd: RawFd, buffer: &mut [u8], flags: c_int) -> isize {
        // SAFETY: the buffer can be written for its length.
        unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), flags) }
    }

    pub(in crate::os) fn send(fd: RawFd, bytes: &[u8]) -> isize {
        // SAFETY: the buffer can be read for its length. Signals are blocked.
        unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), 0) }
    }

    pub(in crate::os) fn read(fd: RawFd, buffer: &mut [u8]) -> isize {
        // SAFETY: the buffer can be written for its length.
        unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) }
    }

    #[expect(dead_code, reason = "only Linux lists children")]
    pub(in crate::os) fn open(path: &CStr) -> RawFd {
        // SAFETY: the path ends with a null.
        unsafe { libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) }
    }

    pub(in crate::os) unsafe fn close(fd: RawFd) {
        // SAFETY: the caller owns the descriptor.
        unsafe { libc::close(fd) };
    }

    pub(in crate::os) fn kill(pid: pid_t, signal: c_int) -> c_int {
        // SAFETY: the call takes numbers only.
        unsafe { libc::kill(pid, signal) }
    }

    pub(in crate::os) fn exit(status: c_int) -> ! {
        // SAFETY: nothing in this copy of the process needs cleanup.
        unsafe { libc::_exit(status) }
    }
}

pub(super) use made::*;

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
