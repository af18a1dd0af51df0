//! How a setting gets into the memory. Only the runtime does that, so the library has nothing of it.

use core::sync::atomic::{Ordering, fence};

use crate::page::{MAGIC, Page, Setting};

impl Page {
    /// Publishes a setting. The caller holds the lock of all writers.
    pub fn publish(&self, setting: &Setting) {
        let next = self.latest.load(Ordering::Relaxed).wrapping_add(1);
        // A reader that sees any of these stores also sees that `latest` has moved past its slot.
        fence(Ordering::Release);
        let slot = self.slot(next);
        slot.seconds.store(setting.seconds, Ordering::Relaxed);
        slot.nanos.store(setting.nanos, Ordering::Relaxed);
        slot.since.store(setting.since, Ordering::Relaxed);
        slot.speed.store(setting.speed.to_bits(), Ordering::Relaxed);
        self.latest.store(next, Ordering::Release);
        self.magic.store(MAGIC, Ordering::Release);
    }
}
