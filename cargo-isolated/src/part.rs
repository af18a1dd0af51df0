//! The parts of a sandbox.

use std::fmt;

use clap::ValueEnum;
use serde::Deserialize;

/// A part of the machine that each test has for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Part {
    /// Ports, addresses and abstract sockets.
    Network,
    /// System V shared memory and semaphores, and `/dev/shm`.
    Ipc,
    /// The workspace: what a test writes into it is its own.
    Checkout,
    /// `/tmp`.
    Tmp,
    /// The home directory.
    Home,
}

impl Part {
    pub(crate) const ALL: [Part; 5] = [
        Part::Network,
        Part::Ipc,
        Part::Checkout,
        Part::Tmp,
        Part::Home,
    ];

    /// Reads a list of names with commas between them.
    pub(crate) fn list(text: &str) -> Result<Vec<Part>, String> {
        let names = text.split(',').filter(|name| !name.is_empty());
        names.map(|name| Part::from_str(name, false)).collect()
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Part::Network => "network",
            Part::Ipc => "ipc",
            Part::Checkout => "checkout",
            Part::Tmp => "tmp",
            Part::Home => "home",
        })
    }
}

/// The names with commas between them.
pub(crate) fn names(parts: &[Part]) -> String {
    let names: Vec<_> = parts.iter().map(Part::to_string).collect();
    names.join(",")
}
