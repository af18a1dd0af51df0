//! The tests of a workspace: which binaries Cargo builds, which tests they have, how to run some of them
//! as Cargo would, and how to read the output of the runners.
//!
//! Cargo itself describes the working directory and the environment of each binary: it starts
//! [`record`](record::Arguments) as a target runner.

mod binary;
mod build;
pub(crate) mod libtest;
pub(crate) mod nextest;
mod outcome;
mod process;
pub(crate) mod record;
mod selection;

use std::fmt;

pub(crate) use self::binary::Binary;
pub(crate) use self::outcome::{Outcome, outcome};
pub(crate) use self::process::{Ended, Process};
pub(crate) use self::selection::{Runner, Selection, parts};

/// The test binaries of a workspace.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) binaries: Vec<Binary>,
}

/// A test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TestId {
    /// The name of its binary in nextest: `shop` for the unit tests of a library, `shop::api` for
    /// `tests/api.rs`, `shop::bin/server` for the unit tests of a program.
    pub(crate) binary: String,
    /// Its name in libtest: `orders::tests::adds`.
    pub(crate) name: String,
}

impl TestId {
    pub(crate) fn new(binary: &str, name: &str) -> Self {
        Self {
            binary: binary.to_owned(),
            name: name.to_owned(),
        }
    }
}

impl fmt::Display for TestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.binary, self.name)
    }
}

impl Suite {
    /// All tests that are not ignored.
    pub(crate) fn tests(&self) -> impl Iterator<Item = TestId> {
        self.binaries.iter().flat_map(|binary| {
            let names = binary.tests.iter();
            names.map(|name| TestId::new(&binary.id, name))
        })
    }

    pub(crate) fn binary(&self, id: &str) -> Option<&Binary> {
        self.binaries.iter().find(|binary| binary.id == id)
    }
}
