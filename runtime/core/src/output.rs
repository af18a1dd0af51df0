//! The ways out: through the test runner, and past it.

use std::cell::RefCell;
use std::io::Write as _;
use std::panic::catch_unwind;

/// How much of what a test prints is kept, in bytes.
const MOST: usize = 1024 * 1024;

thread_local! {
    /// What was printed in this thread since it was to be kept.
    static RECORD: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps from now on what is printed through the test runner in this thread, which may hide it.
pub(crate) fn record() {
    RECORD.set(Some(String::new()));
}

/// Returns what was kept, and keeps nothing more.
pub(crate) fn recorded() -> String {
    RECORD.take().unwrap_or_default()
}

fn keep(text: &str) {
    RECORD.with_borrow_mut(|record| {
        let Some(record) = record.as_mut().filter(|record| record.len() < MOST) else {
            return;
        };
        record.push_str(text);
        if record.len() >= MOST {
            record.push_str("\n(there was more than can be shown twice)\n");
        }
    });
}

/// Prints through the test runner. That nobody reads it must not keep a test from ending.
pub(crate) fn print(text: &str) {
    keep(text);
    let _ = catch_unwind(|| eprint!("{text}"));
}

/// Prints what a test in a process of its own has printed.
pub(crate) fn relay(text: &str) {
    keep(text);
    // Nobody is left to be told when standard output is closed.
    let _ = catch_unwind(|| print!("{text}"));
}

/// Prints past the test runner, which shows nothing of a test that passes.
pub(crate) fn aloud(text: &str) {
    // Nobody is left to be told when standard error is closed.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
