//! Gates, with which an outer test controls inner tests in subprocesses, whose standard input is
//! empty.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Command;

use crate::State;

/// Holds up inner tests until the outer test opens the gate or goes away.
#[derive(Debug)]
pub struct Gate {
    file: File,
}

impl State {
    /// Makes a closed gate. It must exist before a test reaches it.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be made.
    #[must_use]
    pub fn gate(&self, name: &str) -> Gate {
        let path = self.scratch().join(name);
        let made = Command::new("mkfifo")
            .args(["-m", "666"])
            .arg(&path)
            .status();
        assert!(made.is_ok_and(|status| status.success()), "a named pipe");
        // A pipe that is open in both directions keeps what is written before somebody reads.
        let file = File::options().read(true).write(true).open(path);
        Gate {
            file: file.expect("a pipe"),
        }
    }
}

impl Gate {
    /// Lets one test pass.
    ///
    /// # Panics
    ///
    /// Panics if the pipe is full.
    pub fn open(&mut self) {
        self.file.write_all(b"\n").expect("a pipe with room");
    }
}

/// Waits at a gate, in an inner test or in a process that it has started, until the gate opens.
///
/// # Panics
///
/// Panics if there is no such gate.
pub fn pass(name: &str) {
    let state = std::env::var_os("ISOLATED_DIR").expect("the state directory");
    let path = Path::new(&state).join("scratch").join(name);
    let file = File::open(path).expect("a gate");
    let mut line = String::new();
    BufReader::with_capacity(1, file)
        .read_line(&mut line)
        .expect("a pipe");
}
