//! The audit log of the program: a static, as a logger is.

use std::sync::{Mutex, PoisonError};

static ENTRIES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes what has happened.
pub(crate) fn note(entry: &str) {
    with(|entries| entries.push(entry.to_owned()));
}

/// Forgets what has been noted.
pub(crate) fn clear() {
    with(Vec::clear);
}

/// What has been noted.
pub(crate) fn entries() -> Vec<String> {
    with(|entries| entries.clone())
}

/// How much has been noted.
pub(crate) fn count() -> usize {
    with(|entries| entries.len())
}

fn with<T>(act: impl FnOnce(&mut Vec<String>) -> T) -> T {
    act(&mut ENTRIES.lock().unwrap_or_else(PoisonError::into_inner))
}
