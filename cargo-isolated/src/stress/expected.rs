//! The tests that a runner lists. Every run of the suite must produce a result for each of them.

use std::collections::BTreeMap;

pub(crate) use crate::suite::{Runner, TestId};

/// An empty name stands for a whole test binary or runner.
impl TestId {
    /// The id for failures outside of tests: a binary or a runner that ends badly.
    pub(crate) fn whole(of: &str) -> Self {
        Self::new(of, "as a whole")
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.name == "as a whole"
    }
}

/// A test binary, or the examples in the documentation of a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binary {
    /// Its name in nextest.
    pub(crate) id: String,
    /// Its name in Cargo's announcement: the file name, or the crate of the examples.
    pub(crate) announced: String,
    pub(crate) is_doc: bool,
    /// Its tests, each with whether it is ignored.
    pub(crate) tests: BTreeMap<String, bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) binaries: Vec<Binary>,
}

impl Binary {
    /// The names of the tests that are not ignored.
    pub(crate) fn running(&self) -> impl Iterator<Item = &str> {
        let all = self.tests.iter();
        all.filter(|(_, ignored)| !**ignored)
            .map(|(name, _)| &**name)
    }

    pub(crate) fn test(&self, name: &str) -> TestId {
        TestId::new(&self.id, name)
    }
}

impl Expected {
    /// The tests that a runner runs. Nextest does not run documentation examples.
    pub(crate) fn of(&self, runner: Runner) -> impl Iterator<Item = TestId> {
        let binaries = self.binaries.iter();
        binaries
            .filter(move |binary| runner == Runner::Libtest || !binary.is_doc)
            .flat_map(|binary| binary.running().map(|name| binary.test(name)))
    }
}
