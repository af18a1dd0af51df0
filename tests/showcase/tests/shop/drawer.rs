//! The cash drawer, with the driver of its vendor, which aborts a program that opens the drawer
//! twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{process, thread};

static IS_OPEN: AtomicBool = AtomicBool::new(false);

/// Time the mechanics take for one coin.
const COIN: Duration = Duration::from_millis(2);

/// The open drawer. Dropping it closes the drawer.
#[must_use = "the drawer closes when it is dropped"]
pub(crate) struct Drawer {
    cents: u32,
}

impl Drawer {
    /// Opens the drawer.
    pub(crate) fn open() -> Self {
        if IS_OPEN.swap(true, Ordering::SeqCst) {
            eprintln!("drawer: fatal: opened twice");
            process::abort();
        }
        Self { cents: 0 }
    }

    /// Adds coins and returns the new total in cents.
    pub(crate) fn put(&mut self, coins: &[u32]) -> u32 {
        for coin in coins {
            thread::sleep(COIN);
            self.cents += coin;
        }
        self.cents
    }
}

impl Drop for Drawer {
    fn drop(&mut self) {
        IS_OPEN.store(false, Ordering::SeqCst);
    }
}
