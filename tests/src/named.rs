//! The names of inner tests in the test runner.

use std::panic::Location;

/// Returns the prefix of the names of all inner tests of a file: `waiting::inner::` for the file
/// `tests/locking/waiting.rs`, and for `tests/locking/waiting/inner.rs` as well.
///
/// The file is that of the first caller without `#[track_caller]`, so a test can omit the modules
/// around its inner tests.
#[track_caller]
pub(crate) fn module() -> String {
    module_of(Location::caller().file())
}

fn module_of(file: &str) -> String {
    let parts: Vec<_> = file.split(['/', '\\']).collect();
    let below = parts.iter().rposition(|part| *part == "tests");
    let below = below.unwrap_or_else(|| panic!("`{file}` does not belong to a test binary"));
    // The first folder, if any, is the binary; `main.rs` is its root.
    let modules = parts[below + 1..].iter().skip(1);
    let modules = modules.map(|part| part.trim_end_matches(".rs"));
    let modules = modules.filter(|part| !["main", "inner"].contains(part));
    modules
        .chain(["inner"])
        .fold(String::new(), |name, module| name + module + "::")
}
