//! The parts of a sandbox.

use std::fmt;

use clap::ValueEnum;
use serde::Deserialize;

/// Something that each test gets its own copy of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Part {
    /// Ports, addresses and abstract sockets.
    Network,
    /// System V shared memory and semaphores, POSIX queues, and `/dev/shm`.
    Ipc,
    /// The workspace, and `tmp` in the target directory; a test's writes to them are private.
    Checkout,
    /// `/tmp`.
    Tmp,
    /// The home directory.
    Home,
}

impl Part {
    pub(crate) fn all() -> &'static [Part] {
        Part::value_variants()
    }

    /// Parses a comma-separated list of names.
    pub(crate) fn list(text: &str) -> Result<Vec<Part>, String> {
        let names = text.split(',').filter(|name| !name.is_empty());
        names.map(|name| Part::from_str(name, false)).collect()
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.to_possible_value();
        formatter.write_str(name.as_ref().map_or("", |name| name.get_name()))
    }
}

/// Joins the names of the parts.
pub(crate) fn names(parts: &[Part], separator: &str) -> String {
    let names: Vec<_> = parts.iter().map(Part::to_string).collect();
    names.join(separator)
}
