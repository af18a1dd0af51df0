//! Numbers and notes for the auditor.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

static COUNTER: AtomicUsize = AtomicUsize::new(0);

static LOG: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Mutex::default);

/// A number that no other entry has.
pub fn next_number() -> usize {
    COUNTER.fetch_add(1, Ordering::SeqCst) + 1
}

/// How many numbers were given out.
pub fn numbers() -> usize {
    COUNTER.load(Ordering::SeqCst)
}

pub fn note(text: &str) {
    LOG.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(text.to_owned());
}

/// Takes all notes.
pub fn notes() -> Vec<String> {
    std::mem::take(&mut *LOG.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_at_one() {
        assert_eq!(next_number(), 1);
        assert_eq!(next_number(), 2);
    }

    #[test]
    fn numbers_of_a_batch_are_consecutive() {
        let batch: Vec<usize> = (0..5_000).map(|_| next_number()).collect();
        let first = batch[0];
        assert!(batch.into_iter().eq(first..first + 5_000));
    }

    #[test]
    fn no_number_is_given_out_early() {
        assert_eq!(numbers(), 0);
    }

    #[test]
    fn notes_are_in_order() {
        for step in 0..1_000 {
            note(&format!("step {step}"));
        }
        let notes = notes();
        assert_eq!(notes.len(), 1_000);
        assert_eq!(notes[999], "step 999");
    }

    #[test]
    fn notes_are_taken_once() {
        for _ in 0..500 {
            note("opened");
            note("closed");
            assert_eq!(notes(), ["opened", "closed"]);
        }
        assert!(notes().is_empty());
    }
}
