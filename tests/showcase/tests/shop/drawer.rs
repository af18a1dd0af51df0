//! The cash drawer, by the driver of its vendor: a program that opens it twice is ended.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{process, thread};

static IS_OPEN: AtomicBool = AtomicBool::new(false);

/// How long the mechanics take for a coin.
const COIN: Duration = Duration::from_millis(2);

/// The open drawer; it closes when this is dropped.
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

    /// Puts coins in; returns what is in then.
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
