//! Hardware breakpoints that count how often a test touches a static, through `perf_event_open(2)`.

#![expect(unsafe_code, reason = "`perf_event_open` has no safe form")]

use std::fs::File;
use std::io::{self, Read};
use std::mem;
use std::os::fd::{FromRawFd, OwnedFd};

use nix::errno::Errno;

/// The minimum number of breakpoints in a supported processor (x86-64 has four).
pub(super) const COUNT: usize = 4;

/// Some bytes of a static.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Breakpoint {
    /// The address of the static in the program.
    pub(super) of: u64,
    /// The address of the bytes in the program, which is a multiple of their number.
    pub(super) at: u64,
    /// 1, 2, 4 or 8.
    pub(super) length: u64,
    /// Whether reads count too.
    pub(super) reads: bool,
}

/// A breakpoint that counts.
#[derive(Debug)]
pub(super) struct Counter(File);

/// `struct perf_event_attr`, in its first version with breakpoints.
#[repr(C)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    breakpoint_type: u32,
    breakpoint_address: u64,
    breakpoint_length: u64,
}

const BREAKPOINT: u32 = 5;
const READS: u32 = 1;
const WRITES: u32 = 2;
/// Counts in threads that start later, too.
const INHERIT: u64 = 1 << 1;
const EXCLUDE_KERNEL: u64 = 1 << 5;
const EXCLUDE_HYPERVISOR: u64 = 1 << 6;
const CLOSE_ON_EXEC: libc::c_ulong = 8;

impl Counter {
    /// Starts to count hits in a thread and in the threads that it starts.
    pub(super) fn start(thread: i32, breakpoint: &Breakpoint, base: u64) -> io::Result<Counter> {
        let attributes = Attributes {
            kind: BREAKPOINT,
            size: mem::size_of::<Attributes>().try_into().expect("small"),
            config: 0,
            sample_period: 0,
            sample_type: 0,
            read_format: 0,
            flags: INHERIT | EXCLUDE_KERNEL | EXCLUDE_HYPERVISOR,
            wakeup_events: 0,
            breakpoint_type: if breakpoint.reads {
                READS | WRITES
            } else {
                WRITES
            },
            breakpoint_address: base + breakpoint.at,
            breakpoint_length: breakpoint.length,
        };
        let (any_processor, no_group) = (-1, -1);
        // SAFETY: the attributes outlive the call.
        let descriptor = unsafe {
            libc::syscall(
                libc::SYS_perf_event_open,
                &raw const attributes,
                thread,
                any_processor,
                no_group,
                CLOSE_ON_EXEC,
            )
        };
        let descriptor = i32::try_from(Errno::result(descriptor)?).expect("a descriptor");
        // SAFETY: the kernel has just opened it for this process.
        Ok(Counter(unsafe { OwnedFd::from_raw_fd(descriptor) }.into()))
    }

    pub(super) fn is_hit(&self) -> bool {
        let mut count = [0; 8];
        (&self.0).read_exact(&mut count).is_ok() && count != [0; 8]
    }
}
