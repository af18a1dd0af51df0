//! The `seccomp(2)` filter that reports the system calls of interest and allows all others.

#![expect(unsafe_code, reason = "`seccomp` and `prctl` have no safe form")]

use std::io;
use std::mem::offset_of;
use std::os::fd::RawFd;

use libc::{c_long, sock_filter, sock_fprog};

use super::calls::When;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

/// The bit that marks the system calls of x32, which is a different ABI.
const X32: u32 = 0x4000_0000;

/// The flag and the number as the registers have them.
const AT_EMPTY_PATH: u32 = u32::from_ne_bytes(libc::AT_EMPTY_PATH.to_ne_bytes());
const AT_FDCWD: u32 = u32::from_ne_bytes(libc::AT_FDCWD.to_ne_bytes());

const ALLOW: u32 = 0x7fff_0000;
const REPORT: u32 = 0x7fc0_0000;

/// A program for the kernel's packet filter.
#[derive(Debug)]
pub(super) struct Filter(Vec<sock_filter>);

impl Filter {
    /// A filter that reports these calls.
    pub(super) fn new(calls: impl IntoIterator<Item = (c_long, When)>) -> Filter {
        let mut filter = Filter(Vec::new());
        filter.load(offset_of!(libc::seccomp_data, arch));
        filter.allow_unless(libc::BPF_JEQ, ARCHITECTURE);
        filter.load(offset_of!(libc::seccomp_data, nr));
        filter.skip(libc::BPF_JGE, X32, 0, 1);
        filter.answer(ALLOW);
        for (number, when) in calls {
            let number = u32::try_from(number).expect("a number of a call is small");
            let mut condition = Filter(Vec::new());
            condition.report_if(when);
            let length = u8::try_from(condition.0.len()).expect("conditions are short");
            filter.skip(libc::BPF_JEQ, number, 0, length);
            filter.0.append(&mut condition.0);
        }
        filter.answer(ALLOW);
        filter
    }

    /// Installs the filter in the calling thread, and returns the descriptor that receives the reports.
    /// Allocates nothing, because it runs between `fork` and `exec`.
    pub(super) fn install(&self) -> io::Result<RawFd> {
        match self.try_install() {
            Err(error) if error.raw_os_error() == Some(libc::EACCES) => {
                // An unprivileged process must first promise not to gain privileges.
                // SAFETY: this changes a flag of this process.
                if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
                    return Err(io::Error::last_os_error());
                }
                self.try_install()
            }
            result => result,
        }
    }

    fn try_install(&self) -> io::Result<RawFd> {
        let program = sock_fprog {
            len: u16::try_from(self.0.len()).unwrap_or(0),
            filter: self.0.as_ptr().cast_mut(),
        };
        // With `WAIT_KILLABLE_RECV`, only fatal signals interrupt a call that was received (Linux 5.19).
        for flags in [
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
        ] {
            // SAFETY: the program outlives the call.
            let listener = unsafe {
                libc::syscall(
                    libc::SYS_seccomp,
                    libc::SECCOMP_SET_MODE_FILTER,
                    flags,
                    &raw const program,
                )
            };
            if let Some(listener) = RawFd::try_from(listener).ok().filter(|fd| *fd >= 0) {
                return Ok(listener);
            }
            let error = io::Error::last_os_error();
            if error.raw_os_error() != Some(libc::EINVAL) {
                return Err(error);
            }
        }
        Err(io::Error::from_raw_os_error(libc::EINVAL))
    }

    fn report_if(&mut self, when: When) {
        match when {
            When::Always => self.answer(REPORT),
            When::Is(argument, values) => {
                self.load(argument_offset(argument));
                for value in values {
                    self.skip(libc::BPF_JEQ, *value, 0, 1);
                    self.answer(REPORT);
                }
                self.answer(ALLOW);
            }
            When::IsSome(argument) => {
                for half in [0, 4] {
                    self.load(argument_offset(argument) + half);
                    self.skip(libc::BPF_JEQ, 0, 1, 0);
                    self.answer(REPORT);
                }
                self.answer(ALLOW);
            }
            When::UnlessDescriptor(flags) => {
                self.load(argument_offset(flags));
                self.skip(libc::BPF_JSET, AT_EMPTY_PATH, 1, 0);
                self.answer(REPORT);
                self.load(argument_offset(0));
                self.skip(libc::BPF_JEQ, AT_FDCWD, 0, 1);
                self.answer(REPORT);
                self.answer(ALLOW);
            }
        }
    }

    fn load(&mut self, offset: usize) {
        let offset = u32::try_from(offset).expect("the structure is small");
        self.push(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset, 0, 0);
    }

    fn allow_unless(&mut self, comparison: u32, value: u32) {
        self.skip(comparison, value, 1, 0);
        self.answer(ALLOW);
    }

    /// Compares the loaded value, and skips `if_true` or `if_false` instructions.
    fn skip(&mut self, comparison: u32, value: u32, if_true: u8, if_false: u8) {
        self.push(
            libc::BPF_JMP | comparison | libc::BPF_K,
            value,
            if_true,
            if_false,
        );
    }

    fn answer(&mut self, answer: u32) {
        self.push(libc::BPF_RET | libc::BPF_K, answer, 0, 0);
    }

    fn push(&mut self, code: u32, k: u32, jt: u8, jf: u8) {
        let code = u16::try_from(code).expect("a code of the packet filter");
        self.0.push(sock_filter { code, jt, jf, k });
    }
}

/// The offset of the low half of an argument.
fn argument_offset(argument: usize) -> usize {
    offset_of!(libc::seccomp_data, args) + 8 * argument
}
