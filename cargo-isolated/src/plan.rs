//! The plan of a sandbox.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::part::{Part, names};

/// The parts to isolate, and the directories that stay shared.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "there is no sandbox here that could read it")
)]
pub(crate) struct Plan {
    pub(crate) parts: Vec<Part>,
    /// The root of the workspace.
    pub(crate) checkout: PathBuf,
    /// Where the tests of the workspace put files in the target directory: `target/tmp`.
    pub(crate) test_files: Vec<PathBuf>,
    pub(crate) home: Option<PathBuf>,
    /// The state directory of isolated-test, which is created if it is missing.
    pub(crate) state_dir: PathBuf,
    /// The directories that are always shared, among them the state directory.
    pub(crate) stays: Vec<PathBuf>,
    /// The directories that stay accessible at their paths, even if what they contain is isolated.
    pub(crate) reachable: Vec<PathBuf>,
    /// The server that runs in the sandbox.
    pub(crate) postgres: Option<Postgres>,
}

/// A PostgreSQL server of each test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Postgres {
    /// The directory of `postgres`.
    pub(crate) programs: PathBuf,
    /// The data with which each server begins. No server changes them.
    pub(crate) data: PathBuf,
    pub(crate) port: u16,
    /// The roles, and the databases that they own.
    pub(crate) databases: BTreeSet<(String, String)>,
}

impl fmt::Display for Postgres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PostgreSQL at localhost:{}", self.port)?;
        for (index, (role, database)) in self.databases.iter().enumerate() {
            let begin = if index == 0 { "; it has" } else { "," };
            write!(formatter, "{begin} `{database}` of `{role}`")?;
        }
        Ok(())
    }
}

/// Parts that the system does not allow.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) parts: Vec<Part>,
    pub(crate) reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal { parts, reason } = self;
        let parts = names(parts, ", ");
        write!(
            formatter,
            "isolated: WARNING: not isolated: {parts}: {reason}"
        )
    }
}
