//! Words to tests in processes of their own, whose standard input is empty.
//!
//! A gate is a directory: each file `open-N` in it lets the one pass who makes the file `passed-N`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::{PATIENCE, State};

/// How often somebody who waits looks at the gate.
const POLL: Duration = Duration::from_millis(5);

/// Holds inner tests up until the outer one lets them pass.
#[derive(Debug)]
pub struct Gate {
    dir: PathBuf,
    opened: u32,
}

impl State {
    /// Makes a gate that is closed; it must be there before anybody comes to it.
    ///
    /// # Panics
    ///
    /// Panics when it cannot be made.
    #[must_use]
    pub fn gate(&self, name: &str) -> Gate {
        let dir = self.scratch().join(name);
        std::fs::create_dir(&dir).expect("a directory");
        Gate { dir, opened: 0 }
    }
}

impl Gate {
    /// Lets one test pass.
    ///
    /// # Panics
    ///
    /// Panics when that cannot be written down.
    pub fn open(&mut self) {
        File::create(self.dir.join(format!("open-{}", self.opened))).expect("a file");
        self.opened += 1;
    }
}

/// Waits in an inner test, or in a process that it has started, until its gate opens.
///
/// # Panics
///
/// Panics when that takes too long.
pub fn pass(name: &str) {
    let state = std::env::var_os("ISOLATED_DIR").expect("the state directory");
    let gate = Path::new(&state).join("scratch").join(name);
    let deadline = Instant::now() + PATIENCE;
    while !passes(&gate) {
        assert!(Instant::now() < deadline, "the gate {name} stays closed");
        thread::sleep(POLL);
    }
}

/// Passes a gate that is open for somebody who has not passed yet.
fn passes(gate: &Path) -> bool {
    (0..)
        .take_while(|number| gate.join(format!("open-{number}")).exists())
        .any(|number| File::create_new(gate.join(format!("passed-{number}"))).is_ok())
}
