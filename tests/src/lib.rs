//! Starts tests of the running test binary in subprocesses, talks to them, and kills them.
//!
//! An *inner* test is one that another test, the *outer* one, starts. It lives in a module `inner`. A
//! plain run ignores it, because it runs as a part of its outer test, which includes ignored tests.
//! Each outer test has its own state directory, so it can count the files that inner tests leave behind.

pub mod afterwards;
pub mod attempts;
#[cfg(any(target_os = "linux", windows))]
pub mod ends;
#[cfg(any(target_os = "linux", windows))]
#[cfg_attr(windows, path = "gate_windows.rs")]
pub mod gate;
#[cfg(target_os = "linux")]
pub mod hostile;
#[cfg(any(target_os = "linux", windows))]
#[cfg_attr(windows, path = "plain_windows.rs")]
pub mod plain;
#[cfg(any(target_os = "linux", windows))]
pub mod print;
#[cfg(any(target_os = "linux", windows))]
#[cfg_attr(windows, path = "processes_windows.rs")]
pub mod processes;
pub mod programs;
#[cfg(target_os = "linux")]
pub mod refusal;
#[cfg(unix)]
pub mod relay;
#[cfg(target_os = "linux")]
pub mod witness;

mod command;
#[cfg(doctest)]
mod guide;
mod holders;
#[cfg(test)]
mod layers;
mod named;
mod reported;
mod running;
mod state;

use std::io::{self, BufRead, Write};
use std::time::Duration;

pub use holders::hold;
pub use reported::without_digits;
pub use running::{Finished, First, Running};
#[cfg(unix)]
pub use state::is_root;
pub use state::{Inner, MARKER, State, tree};

/// Time limit for anything that a test waits for. Only a test that hangs reaches it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Sends a word from an inner test to the outer one.
///
/// # Panics
///
/// Panics if nobody listens.
pub fn say(word: &str) {
    // libtest leaves its own line unfinished.
    let mut output = io::stdout().lock();
    writeln!(output, "\n@{word}")
        .and_then(|()| output.flush())
        .expect("the outer test listens");
}

/// Waits in an inner test until the outer one sends this word or goes away.
///
/// # Panics
///
/// Panics if it sends another word.
pub fn listen(word: &str) {
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .expect("standard input");
    if !line.is_empty() {
        assert_eq!(line.trim(), word);
    }
}

/// Random numbers that a seed makes reproducible (`xorshift64*`).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Chooses a new seed, to be printed if a test fails.
    ///
    /// Long tests do not take the seed from the attribute, because tests that run alone would wait
    /// for them.
    #[must_use]
    pub fn new_seed() -> u64 {
        use std::hash::{BuildHasher, RandomState};

        RandomState::new().hash_one(std::process::id())
    }

    /// Starts from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Random(seed | 1)
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }
}
