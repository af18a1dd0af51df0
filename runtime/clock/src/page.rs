//! The memory that all processes of a test share. The library in `shim/` contains this file too.
//!
//! Readers take no lock, because they may be signal handlers. Writers take turns by a lock of the
//! kernel on the memory's file. A writer fills the next slot and then publishes it, so one that is
//! killed at any moment has changed nothing or everything.

use core::sync::atomic::{AtomicI64, AtomicU64, Ordering, fence};

/// The first number in the memory, which changes with its layout.
pub const MAGIC: u64 = 0x6973_6f6c_6174_0001;

/// A clock that only the library knows: `clock_gettime` succeeds for it where the library is in use,
/// and returns [`MAGIC`] as the seconds.
pub const PROBE: i32 = 0x1501_a7ed;

const SLOTS: usize = 16;

const SECOND: u64 = 1_000_000_000;

/// The shared memory.
#[repr(C)]
pub struct Page {
    pub(crate) magic: AtomicU64,
    /// The number of settings that were published.
    pub(crate) latest: AtomicU64,
    slots: [Slot; SLOTS],
}

#[repr(C)]
pub(crate) struct Slot {
    pub(crate) seconds: AtomicI64,
    pub(crate) nanos: AtomicU64,
    pub(crate) since: AtomicU64,
    pub(crate) speed: AtomicU64,
}

/// How a clock was set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// The whole seconds since 1970, rounded down.
    pub seconds: i64,
    /// The nanoseconds on top of these, below 10⁹.
    pub nanos: u64,
    /// The time on the monotonic clock, in nanoseconds, when it was set.
    pub since: u64,
    /// How many seconds pass in one: 0 for a clock that stands still.
    pub speed: f64,
}

impl Setting {
    /// The time at a time of the monotonic clock.
    #[must_use]
    pub fn at(&self, monotonic: u64) -> (i64, u64) {
        let elapsed = monotonic.saturating_sub(self.since);
        let elapsed = if self.speed.to_bits() == 1_f64.to_bits() {
            elapsed
        } else {
            scaled(elapsed, self.speed)
        };
        let nanos = self.nanos + elapsed % SECOND;
        // Three numbers that fit, of which the last two are small.
        let whole = i64::try_from(elapsed / SECOND + nanos / SECOND).unwrap_or(i64::MAX);
        (self.seconds.saturating_add(whole), nanos % SECOND)
    }
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "exact for 104 days, and saturating"
)]
fn scaled(nanos: u64, speed: f64) -> u64 {
    (nanos as f64 * speed) as u64
}

impl Page {
    /// Whether the memory has this layout. New memory is full of zeros and has none.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.magic.load(Ordering::Acquire) == MAGIC
    }

    /// Reads the clock's setting. Takes no lock, and repeats only what 15 writers overtake.
    #[must_use]
    pub fn setting(&self) -> Setting {
        loop {
            let latest = self.latest.load(Ordering::Acquire);
            let slot = self.slot(latest);
            let setting = Setting {
                seconds: slot.seconds.load(Ordering::Relaxed),
                nanos: slot.nanos.load(Ordering::Relaxed),
                since: slot.since.load(Ordering::Relaxed),
                speed: f64::from_bits(slot.speed.load(Ordering::Relaxed)),
            };
            fence(Ordering::Acquire);
            // The writer after the last one may be filling another slot already.
            if self.latest.load(Ordering::Relaxed).wrapping_sub(latest) < SLOTS as u64 - 1 {
                return setting;
            }
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "the remainder is small")]
    pub(crate) fn slot(&self, number: u64) -> &Slot {
        &self.slots[(number % SLOTS as u64) as usize]
    }
}
