//! The audit log of the program, kept in a static like that of a logger.

use std::sync::{Mutex, PoisonError};

static ENTRIES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Adds an entry.
pub(crate) fn note(entry: &str) {
    with(|entries| entries.push(entry.to_owned()));
}

/// Removes all entries.
pub(crate) fn clear() {
    with(Vec::clear);
}

/// All entries.
pub(crate) fn entries() -> Vec<String> {
    with(|entries| entries.clone())
}

/// Number of entries.
pub(crate) fn count() -> usize {
    with(|entries| entries.len())
}

fn with<T>(act: impl FnOnce(&mut Vec<String>) -> T) -> T {
    act(&mut ENTRIES.lock().unwrap_or_else(PoisonError::into_inner))
}
