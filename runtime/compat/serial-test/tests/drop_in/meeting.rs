//! How tests see who runs at the same time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;

use isolated_test_tests::PATIENCE;

/// Where bodies must not meet.
pub(crate) struct Room(AtomicU32);

impl Room {
    pub(crate) const fn new() -> Self {
        Room(AtomicU32::new(0))
    }

    /// Is inside for a while, and gives others every chance to come in.
    #[track_caller]
    pub(crate) fn be_alone(&self) {
        let others = self.0.fetch_add(1, Ordering::SeqCst);
        for _ in 0..20 {
            thread::yield_now();
        }
        let inside = self.0.fetch_sub(1, Ordering::SeqCst);
        assert_eq!((others, inside), (0, 1), "somebody else is here");
    }
}

/// Where bodies must meet.
pub(crate) struct Meeting {
    arrived: Mutex<u32>,
    everybody: Condvar,
}

impl Meeting {
    pub(crate) const fn new() -> Self {
        Meeting {
            arrived: Mutex::new(0),
            everybody: Condvar::new(),
        }
    }

    /// Waits inside until so many are.
    #[track_caller]
    pub(crate) fn wait_for(&self, number: u32) {
        let mut arrived = self.arrived.lock().unwrap();
        *arrived += 1;
        self.everybody.notify_all();
        let together = self
            .everybody
            .wait_timeout_while(arrived, PATIENCE, |arrived| *arrived < number);
        assert!(!together.unwrap().1.timed_out(), "nobody else came");
    }
}

/// Calls each of these functions often, all at the same time.
pub(crate) fn crowd(functions: &[fn()]) {
    thread::scope(|scope| {
        let threads: Vec<_> = functions
            .iter()
            .map(|function| scope.spawn(|| (0..60).for_each(|_| function())))
            .collect();
        for thread in threads {
            thread.join().expect("nobody meets");
        }
    });
}

/// Calls these functions once, all at the same time.
pub(crate) fn once(functions: &[fn()]) {
    thread::scope(|scope| {
        for function in functions {
            scope.spawn(*function);
        }
    });
}
