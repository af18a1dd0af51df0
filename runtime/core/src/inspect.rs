//! The activity in a state directory, for the tools of this workspace. Not for users: it may
//! change in any release.

use std::path::{Path, PathBuf};

use crate::config::variables;
use crate::error::Error;
use crate::lock::holder;
use crate::os;

/// A living process that has a record.
#[derive(Debug, Clone)]
pub struct Process {
    /// The process identifier.
    pub id: u32,
    /// Its running tests, and the guards of keys that it holds.
    pub holders: Vec<Holder>,
}

/// A running test, or a guard outside of the attribute.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The name, as in messages.
    pub name: String,
    /// The package and the source location: `package shop, src/checkout.rs:12`.
    pub place: String,
    /// When it began, in milliseconds since the Unix epoch.
    pub since: u64,
    /// The locks that it holds, as in messages: `serial "tcp"`. A lock that is being acquired is
    /// among them for a moment.
    pub locks: Vec<String>,
}

/// The state directory that tests use with the variables of this process. It may not exist.
///
/// # Errors
///
/// Fails when an `ISOLATED_*` variable is misread.
pub fn state_dir() -> Result<PathBuf, Error> {
    let dir = variables()?.dir.clone();
    Ok(dir.unwrap_or_else(os::default_state_dir))
}

/// The living processes of a state directory. Changes nothing there.
#[must_use]
pub fn processes(state_dir: &Path) -> Vec<Process> {
    let processes = holder::all(&state_dir.join("runs")).map(|process| Process {
        id: process.process,
        holders: process.blocks.iter().map(Holder::of).collect(),
    });
    processes.collect()
}

impl Holder {
    fn of(block: &holder::RecordedBlock) -> Self {
        Holder {
            name: block.name.clone(),
            place: block.place.clone(),
            since: block.since,
            locks: block
                .held
                .iter()
                .map(|held| held.subject.in_mode(held.mode))
                .collect(),
        }
    }
}
