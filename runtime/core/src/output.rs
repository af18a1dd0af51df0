//! Output through the test runner, and past it.

use std::cell::RefCell;
use std::io::Write as _;
use std::panic::catch_unwind;

/// The amount of a test's output that is kept, in bytes.
const MOST: usize = 1024 * 1024;

thread_local! {
    /// The output of this thread since [`record`] was called.
    static RECORD: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Begins to keep what this thread prints through the test runner, which may hide it.
pub(crate) fn record() {
    RECORD.set(Some(String::new()));
}

/// Returns the kept output and stops keeping it.
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

/// Prints through the test runner. A closed standard error must not keep a test from ending.
pub(crate) fn print(text: &str) {
    keep(text);
    let _ = catch_unwind(|| eprint!("{text}"));
}

/// Prints the output of a test's subprocess, through the test runner.
pub(crate) fn relay(text: &str) {
    keep(text);
    // If standard output is closed, there is nobody to tell.
    let _ = catch_unwind(|| print!("{text}"));
}

/// Prints past the test runner, which shows no output of a test that passes.
pub(crate) fn aloud(text: &str) {
    // If standard error is closed, there is nobody to tell.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
