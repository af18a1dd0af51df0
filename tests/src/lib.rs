//! Starts tests of the running test binary in processes of their own, talks to them, and kills them.
//!
//! An *inner* test is one that another test starts: it is marked `#[ignore]` with that reason, so
//! that a plain run passes over it, and lives in a module `inner`. Each outer test has a state
//! directory of its own, so that what inner tests leave behind can be counted.

pub mod afterwards;
pub mod attempts;
#[cfg(target_os = "linux")]
pub mod ends;
#[cfg(target_os = "linux")]
pub mod gate;
#[cfg(target_os = "linux")]
pub mod hostile;
#[cfg(target_os = "linux")]
pub mod plain;
#[cfg(target_os = "linux")]
pub mod print;
#[cfg(target_os = "linux")]
pub mod processes;
pub mod programs;
#[cfg(target_os = "linux")]
pub mod refusal;
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

/// How long anything may take before a test gives up; nothing waits this long unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Says a word to the outer test, from an inner one.
///
/// # Panics
///
/// Panics when nobody hears it.
pub fn say(word: &str) {
    // libtest leaves its own line open.
    let mut output = io::stdout().lock();
    writeln!(output, "\n@{word}")
        .and_then(|()| output.flush())
        .expect("the outer test listens");
}

/// Waits in an inner test until the outer one tells a word, or goes away.
///
/// # Panics
///
/// Panics when the word is another one.
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

/// Random numbers that a seed repeats (xorshift64*).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Chooses a new seed, to be printed when a test fails.
    ///
    /// Tests that go on for long do not use the attribute for it: those that run alone would wait.
    #[must_use]
    pub fn new_seed() -> u64 {
        use std::hash::{BuildHasher, RandomState};

        RandomState::new().hash_one(std::process::id())
    }

    /// Begins with a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Random(seed | 1)
    }

    /// Returns a number below another one.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }
}
