//! The hosts of resources that a test program starts, which end with it.

use std::process::{self, Command};
use std::time::UNIX_EPOCH;

/// The variable by which tests tell their sandbox from others. A host serves only tests for which it
/// has the same value.
const SANDBOX: &str = "ISOLATED_SANDBOX";

/// The beginning of the name by which a host is called.
const HOST: &[u8] = b"isolated-test-host:";

/// Lets the tests of a program start hosts of their own, because these end with the program.
pub(crate) fn keep_apart(command: &mut Command) {
    let since = UNIX_EPOCH.elapsed().unwrap_or_default();
    // One process may run several programs, and a process ID may come again.
    let name = format!("{}-{}", process::id(), since.as_nanos());
    command.env(SANDBOX, name);
}

/// Whether a word of a command line makes its process a host. It is not always the first one.
pub(crate) fn is_mark(word: &[u8]) -> bool {
    word.starts_with(HOST)
}
