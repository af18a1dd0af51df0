//! The tests of the project. Every run of the suite must produce a result for each of them.

use std::collections::BTreeMap;
use std::fmt;

/// A test. An empty name stands for a whole test binary or runner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TestId {
    pub(crate) binary: String,
    pub(crate) name: String,
}

impl TestId {
    pub(crate) fn new(binary: &str, name: &str) -> Self {
        Self {
            binary: binary.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The id for failures outside of tests: how a binary or a runner ends.
    pub(crate) fn whole(of: &str) -> Self {
        Self::new(of, "")
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.name.is_empty()
    }
}

impl fmt::Display for TestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.binary, &*self.name) {
            (binary, "") => write!(f, "{binary} as a whole"),
            (binary, name) => write!(f, "{binary} {name}"),
        }
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
pub(crate) struct Suite {
    pub(crate) binaries: Vec<Binary>,
}

/// The test runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Runner {
    Libtest,
    Nextest,
}

impl Runner {
    /// The command line of the runner.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Libtest => "cargo test",
            Self::Nextest => "cargo nextest run",
        }
    }
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

impl Suite {
    /// The tests that a runner runs. Nextest does not run documentation examples.
    pub(crate) fn of(&self, runner: Runner) -> impl Iterator<Item = TestId> {
        let binaries = self.binaries.iter();
        binaries
            .filter(move |binary| runner == Runner::Libtest || !binary.is_doc)
            .flat_map(|binary| binary.running().map(|name| binary.test(name)))
    }
}
