//! Spares a subprocess the description of the terminal.
//!
//! libtest reads that description (terminfo) when it starts, even if its output goes nowhere, and
//! finds it by `TERM`. This takes longer than the rest of its work for one test. So a subprocess
//! starts with an empty `TERM`, and gets the value back before its test runs.

#![expect(
    unsafe_code,
    reason = "a variable is changed while there may be other threads"
)]

use std::env;
use std::ffi::{OsStr, OsString};

const NAME: &str = "TERM";

/// Empties the variable of a subprocess, and returns its value for [`restore`]. The result is empty
/// if the variable is unset or empty.
pub(super) fn withhold(variables: &mut [(OsString, OsString)]) -> OsString {
    // On other systems libtest does not read it.
    let mut found = variables.iter_mut().filter(|_| cfg!(unix));
    let found = found.find(|(name, _)| name == NAME);
    found.map_or_else(OsString::new, |(_, value)| std::mem::take(value))
}

/// Restores the variable in this subprocess.
pub(super) fn restore(value: &OsStr) {
    if !value.is_empty() {
        // SAFETY: Rust code reads variables under the lock of the standard library, which this
        // takes. Code in C may read them at the same time, in a thread started by a constructor. It
        // finds either value: the name is already set, so the C library replaces one pointer and
        // frees nothing, as in glibc, musl and Apple's library.
        unsafe { env::set_var(NAME, value) };
    }
}
