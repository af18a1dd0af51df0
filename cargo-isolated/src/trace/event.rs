//! The lines of a trace, as the runtime writes them.

use serde::Deserialize;

use crate::trace::timeline::Holder;

/// One line.
#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    /// Microseconds since 1970.
    pub(crate) t: u64,
    /// The number of the test or guard within its process.
    #[serde(default)]
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) event: Event,
}

/// An event.
#[derive(Debug, Deserialize)]
#[serde(tag = "e", rename_all = "lowercase")]
pub(crate) enum Event {
    Process {
        version: u64,
        pid: u32,
        program: String,
        binary: Option<String>,
    },
    /// A test program in a sandbox.
    Program {
        #[serde(flatten)]
        who: Who,
    },
    Test {
        #[serde(flatten)]
        who: Who,
        at: String,
    },
    /// A host of a resource.
    Host {
        #[serde(flatten)]
        who: Who,
        at: String,
    },
    Guard {
        #[serde(flatten)]
        who: Who,
    },
    Inside {
        #[serde(flatten)]
        who: Who,
        parent: u32,
    },
    Wait {
        want: String,
        behind: Vec<Holder>,
    },
    Held {
        want: String,
        /// How many may hold a limited key.
        limit: Option<u32>,
    },
    Free {
        want: String,
    },
    Provision {
        name: String,
    },
    Provisioned,
    Release {
        name: String,
    },
    Released,
    Body,
    Child {
        pid: u32,
    },
    Over {
        outcome: String,
        how: String,
        why: String,
    },
    End {
        outcome: String,
    },
    /// An event of a newer runtime.
    #[serde(other)]
    Unknown,
}

/// The test that an event introduces, and its thread.
#[derive(Debug, Deserialize)]
pub(crate) struct Who {
    pub(crate) test: String,
    pub(crate) thread: String,
    pub(crate) number: u64,
}
