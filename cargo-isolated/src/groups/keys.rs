//! The keys in use, and the tests that hold them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::trace::timeline::{Lock, Test, Timeline};

/// A test as nextest knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TestId {
    pub(super) binary: Binary,
    /// Without the crate: `own::adds`.
    pub(super) name: String,
}

/// A test binary.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binary {
    /// As nextest calls it: `shop::api`.
    Id(String),
    /// The name of the crate, because nextest did not run it: `my_api`.
    Crate(String),
}

/// Something that only one test, or a limited number of them, can hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// As in the trace, where a tab is before the scope.
    Key(String),
    Port(String),
}

/// Displays the subject as in messages: `"db" of "shop"`.
impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Port(number) => write!(formatter, "port {number}"),
            Subject::Key(key) => match key.split_once('\t') {
                Some((key, scope)) => write!(formatter, "{key:?} of {scope:?}"),
                None => write!(formatter, "{key:?}"),
            },
        }
    }
}

/// The tests that hold a key, by the argument of the attribute.
#[derive(Debug, Default)]
pub(super) struct Holders {
    pub(super) serial: BTreeSet<TestId>,
    pub(super) limited: BTreeSet<TestId>,
    /// How many of the limited tests may run at once, if the trace says so.
    pub(super) limit: Option<u32>,
    pub(super) shared: BTreeSet<TestId>,
    /// The tests that take the key within their bodies.
    pub(super) within: BTreeSet<TestId>,
    /// How long tests waited for the key.
    pub(super) waited: u64,
}

/// All keys in use.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) tests: BTreeSet<TestId>,
    pub(super) held: BTreeMap<Subject, Holders>,
    pub(super) alone: BTreeSet<TestId>,
}

impl Keys {
    pub(super) fn of(timeline: &Timeline) -> Keys {
        let mut keys = Keys::default();
        for test in timeline.without_hosts() {
            let id = TestId::of(test);
            for lock in &test.locks {
                keys.add(&id, test, lock);
            }
            for wait in &test.waits {
                if let Some((_, subject)) = parse(&wait.want) {
                    keys.held.entry(subject).or_default().waited += wait.to - wait.from;
                }
            }
            if test.is_test() {
                keys.tests.insert(id);
            }
        }
        keys
    }

    fn add(&mut self, id: &TestId, test: &Test, lock: &Lock) {
        // The locks of the attribute are held before anything else begins.
        let is_first = test.active.is_none_or(|active| lock.from <= active);
        let is_of_attribute = is_first && test.is_test();
        if lock.want == "alone" && is_of_attribute {
            self.alone.insert(id.clone());
        }
        let Some((word, subject)) = parse(&lock.want) else {
            return;
        };
        let holders = self.held.entry(subject).or_default();
        holders.limit = holders.limit.max(lock.limit);
        let tests = match word {
            _ if !is_of_attribute => &mut holders.within,
            "shared" => &mut holders.shared,
            "limit" | "pool" => &mut holders.limited,
            _ => &mut holders.serial,
        };
        tests.insert(id.clone());
    }
}

/// Parses a lock of the trace: `serial db`. Internal keys are held only while a resource is
/// provisioned, so they are left out, as is the lock of all tests.
fn parse(want: &str) -> Option<(&str, Subject)> {
    let (word, rest) = want.split_once(' ')?;
    match word {
        "serial" | "shared" | "limit" | "pool" => Some((word, Subject::Key(rest.to_owned()))),
        "port" => Some((word, Subject::Port(rest.to_owned()))),
        _ => None,
    }
}

impl TestId {
    fn of(test: &Test) -> TestId {
        let name = test.name.split_once("::");
        let (crate_name, name) = name.unwrap_or(("", &test.name));
        let binary = match &test.binary {
            Some(id) => Binary::Id(id.clone()),
            None => Binary::Crate(crate_name.to_owned()),
        };
        TestId {
            binary,
            name: name.to_owned(),
        }
    }
}
