//! Counts of what happened.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

static COUNTS: Mutex<BTreeMap<&str, u64>> = Mutex::new(BTreeMap::new());

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

pub fn count(event: &'static str) {
    *COUNTS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(event)
        .or_default() += 1;
}

/// All counts since the last call.
pub fn flush() -> BTreeMap<&'static str, u64> {
    std::mem::take(&mut *COUNTS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Calls a function one level deeper on this thread.
pub fn nested<R>(call: impl FnOnce(u32) -> R) -> R {
    DEPTH.with(|depth| {
        depth.set(depth.get() + 1);
        let result = call(depth.get());
        depth.set(depth.get() - 1);
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted() {
        flush();
        for _ in 0..2_000 {
            count("sent");
        }
        count("lost");
        assert_eq!(flush(), BTreeMap::from([("lost", 1), ("sent", 2_000)]));
    }

    #[test]
    fn a_flush_empties_the_counts() {
        for _ in 0..500 {
            count("received");
            flush();
            assert!(flush().is_empty());
        }
    }

    #[test]
    fn one_level() {
        assert_eq!(nested(|depth| depth), 1);
    }

    #[test]
    fn two_levels() {
        assert_eq!(nested(|_| nested(|depth| depth)), 2);
    }
}
