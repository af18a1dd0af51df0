//! The record of one test, which its observer writes.

use std::collections::{BTreeMap, BTreeSet};

use crate::findings::{Kind, Outcome, Touch};

/// A test, with its outcome and the resources that it touched.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) outcome: Outcome,
    pub(super) log: Log,
    /// The statics that it touched, by their addresses in the program.
    pub(super) statics: BTreeMap<u64, StaticTouch>,
    /// The locks of its program that it held whenever it touched a resource of its process.
    pub(super) guarded: Guarded,
    /// The variables that it set to a single value before it read them.
    pub(super) constants: BTreeMap<String, Vec<u8>>,
    /// The paths that it touched relative to its working directory.
    pub(super) relative: BTreeSet<String>,
    pub(super) left_behind: Vec<String>,
    /// The locks that it held through isolated-test: `serial "db"`.
    pub(super) locks: Vec<String>,
}

#[cfg(test)]
impl Record {
    /// The record of a test that passed and did nothing but touch these resources.
    pub(super) fn touching(touches: &[(Kind, &str, Touch)]) -> Record {
        let mut log = Log::default();
        for (kind, name, touch) in touches {
            log.add(*kind, name, *touch);
        }
        Record {
            name: String::new(),
            outcome: Outcome::Passed,
            log,
            statics: BTreeMap::new(),
            guarded: Guarded::new(),
            constants: BTreeMap::new(),
            relative: BTreeSet::new(),
            left_behind: Vec::new(),
            locks: Vec::new(),
        }
    }
}

/// The locks that a test held at each touch, by resource. A lock is its address in the program.
pub(super) type Guarded = BTreeMap<(Kind, String), BTreeSet<u64>>;

impl Touch {
    pub(super) fn is_change(self) -> bool {
        matches!(self, Touch::Change | Touch::Remove)
    }
}

impl Kind {
    /// Whether only tests in the same process share a resource of this kind.
    pub(super) fn is_of_a_process(self) -> bool {
        matches!(
            self,
            Kind::Variable | Kind::WorkingDirectory | Kind::Umask | Kind::Signal | Kind::Static
        )
    }
}

/// How a test touches a static.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StaticTouch {
    Used,
    /// The value was different after the test, and has this fingerprint.
    Changed(u64),
    ChangedBack,
}

/// How a test touched each resource.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(BTreeMap<Kind, BTreeMap<String, BTreeSet<Touch>>>);

impl Log {
    pub(super) fn add(&mut self, kind: Kind, name: &str, touch: Touch) {
        let names = self.0.entry(kind).or_default();
        match names.get_mut(name) {
            Some(touches) => {
                touches.insert(touch);
            }
            None => {
                names.insert(name.to_owned(), BTreeSet::from([touch]));
            }
        }
    }

    pub(super) fn touches(&self, kind: Kind, name: &str) -> Option<&BTreeSet<Touch>> {
        self.0.get(&kind)?.get(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Kind, &str, &BTreeSet<Touch>)> {
        let kinds = self.0.iter();
        kinds.flat_map(|(kind, names)| {
            let names = names.iter();
            names.map(|(name, touches)| (*kind, name.as_str(), touches))
        })
    }
}
