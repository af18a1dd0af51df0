//! Checks that a test keeps its locks and resources while its runtime is dropped.

use std::path::PathBuf;

use isolated_test::{Key, current};

use crate::say;

/// The key that tests hold when they leave a task behind.
pub const KEY: Key = Key::new("afterwards");

/// When dropped, prints whether the test still holds [`KEY`] and has its directory.
#[derive(Debug)]
pub struct Afterwards {
    dir: PathBuf,
}

impl Default for Afterwards {
    fn default() -> Self {
        Self::new()
    }
}

impl Afterwards {
    /// Remembers the directory of the running test.
    #[must_use]
    pub fn new() -> Self {
        Afterwards {
            dir: current().tmpdir().path().to_owned(),
        }
    }

    /// Never completes; for a task that its runtime abandons.
    pub async fn stay(self) {
        std::future::pending::<()>().await;
    }
}

impl Drop for Afterwards {
    fn drop(&mut self) {
        let is_held = KEY.try_lock().is_ok_and(|guard| guard.is_none());
        let lock = if is_held { "held" } else { "free" };
        let directory = if self.dir.is_dir() { "there" } else { "gone" };
        say(&format!("afterwards lock {lock}, directory {directory}"));
    }
}
