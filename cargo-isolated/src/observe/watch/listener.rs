//! The descriptor through which the kernel reports system calls, while their threads wait.

#![expect(
    unsafe_code,
    reason = "the requests of seccomp_unotify(2) have no safe form"
)]

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use libc::c_long;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Requests of `seccomp_unotify(2)`.
const RECEIVE: u64 = 0xc050_2100;
const SEND: u64 = 0xc018_2101;
const SET_FLAGS: u64 = 0x4008_2104;

/// Wakes a thread on the processor that answered its call (Linux 6.6).
const WAKE_UP_HERE: u64 = 1;

#[derive(Debug)]
pub(super) struct Listener {
    descriptor: OwnedFd,
    /// Whether a request for a report returns when all processes have ended (since Linux 6.6).
    ends: bool,
}

/// A thread that waits in a system call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Report {
    id: u64,
    pub(super) thread: i32,
    pub(super) number: c_long,
    pub(super) arguments: [u64; 6],
}

impl Listener {
    pub(super) fn new(descriptor: OwnedFd) -> Listener {
        // Makes the answers faster. It fails before Linux 6.6, where requests do not end.
        // SAFETY: this request takes a number.
        let result = unsafe { libc::ioctl(descriptor.as_raw_fd(), SET_FLAGS as _, WAKE_UP_HERE) };
        let ends = result == 0;
        Listener { descriptor, ends }
    }

    /// Returns the next report, or `None` once all watched processes have ended.
    pub(super) fn next(&self) -> io::Result<Option<Report>> {
        loop {
            if !self.ends && self.has_ended(PollTimeout::NONE)? {
                return Ok(None);
            }
            // SAFETY: the kernel wants a structure of zeros.
            let mut report: libc::seccomp_notif = unsafe { mem::zeroed() };
            // SAFETY: the request fills this structure.
            let result =
                unsafe { libc::ioctl(self.descriptor.as_raw_fd(), RECEIVE as _, &raw mut report) };
            match Errno::result(result) {
                Ok(_) => {
                    return Ok(Some(Report {
                        id: report.id,
                        thread: i32::try_from(report.pid).unwrap_or(0),
                        number: report.data.nr.into(),
                        arguments: report.data.args,
                    }));
                }
                // The thread has been killed, or all threads have ended.
                Err(Errno::ENOENT) if self.has_ended(PollTimeout::ZERO)? => return Ok(None),
                Err(Errno::ENOENT | Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits for a report or for the end of all processes. Returns whether it was the end.
    fn has_ended(&self, timeout: PollTimeout) -> io::Result<bool> {
        let mut waiting = [PollFd::new(self.descriptor.as_fd(), PollFlags::POLLIN)];
        while let Err(error) = poll(&mut waiting, timeout) {
            if error != Errno::EINTR {
                return Err(error.into());
            }
        }
        Ok(waiting[0].revents() == Some(PollFlags::POLLHUP))
    }

    /// Lets the thread continue with its call.
    pub(super) fn allow(&self, report: &Report) {
        let mut answer = libc::seccomp_notif_resp {
            id: report.id,
            val: 0,
            error: 0,
            flags: 1,
        };
        // Fails if the thread has been killed.
        // SAFETY: the request reads this structure.
        let _ = unsafe { libc::ioctl(self.descriptor.as_raw_fd(), SEND as _, &raw mut answer) };
    }
}
