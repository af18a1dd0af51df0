//! Decides which tests are in conflict, from the records of single tests.
//!
//! [`touches`] collects the touches of all tests, [`locks`] excludes tests that cannot run side by side, and
//! [`parts`] drops parts of larger conflicts.

mod locks;
mod parts;
mod touches;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;

pub(super) use self::locks::{is_exclusive, leave_unprotected};
use self::parts::without_parts;
use self::touches::{collect, removed_dirs};
use super::record::{Log, Record};
use super::rules::Rules;
use crate::findings::{Kind, Resource, Touch};

/// A test that was observed.
#[derive(Debug)]
pub(super) struct Observed<'a> {
    /// The index of the test binary, whose tests share a process.
    pub(super) binary: usize,
    pub(super) record: &'a Record,
}

/// A resource that several tests share, and the tests that change or only use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shared {
    pub(super) resource: Resource,
    /// The index of the binary, if only tests in one process share the resource.
    pub(super) binary: Option<usize>,
    pub(super) writers: BTreeSet<usize>,
    pub(super) readers: BTreeSet<usize>,
}

impl Shared {
    pub(super) fn tests(&self) -> impl Iterator<Item = usize> {
        self.writers.union(&self.readers).copied()
    }
}

/// Finds the resources that at least two tests share and at least one of them changes.
pub(super) fn find(all: &[Observed<'_>], rules: &Rules) -> Vec<Shared> {
    let touches = collect(all, rules);
    let removed = removed_dirs(&touches);
    let mut shared = Vec::new();
    for ((binary, resource), tests) in &touches {
        let mut conflict = Shared {
            resource: resource.clone(),
            binary: *binary,
            writers: BTreeSet::new(),
            readers: BTreeSet::new(),
        };
        let notices = |test: usize, touches| {
            let log = &all[test].record.log;
            notices_creation(resource, touches, log)
        };
        let is_noticed = tests.iter().any(|(test, touches)| notices(*test, touches));
        let is_changed = tests
            .values()
            .any(|touches| effect(resource.kind, touches).0);
        for (test, touches) in tests {
            let (mut writes, reads) = effect(resource.kind, touches);
            writes |= is_noticed && touches.contains(&Touch::Prepare);
            if writes {
                conflict.writers.insert(*test);
            } else if reads && (is_changed || notices(*test, touches)) {
                conflict.readers.insert(*test);
            }
        }
        if let Some(users) = removed.get(resource) {
            conflict.readers.extend(users.difference(&conflict.writers));
        }
        let matters = match resource.kind {
            Kind::Variable => {
                !is_constant(tests.keys().map(|test| all[*test].record), &resource.name)
            }
            // Tests that create different entries are not in conflict, unless another one lists them.
            Kind::Directory => tests.values().any(|touches| touches.contains(&Touch::List)),
            _ => true,
        };
        if matters && !rules.is_cached(resource.kind, &resource.name) {
            shared.push(conflict);
        }
    }
    shared.retain_mut(|shared| leave_unprotected(shared, all));
    without_parts(shared)
}

/// Whether a test changes a resource, and whether it depends on it.
fn effect(kind: Kind, touches: &BTreeSet<Touch>) -> (bool, bool) {
    let writes = touches.iter().any(|touch| touch.is_change());
    let reads = match kind {
        Kind::Directory => touches.contains(&Touch::List),
        _ => true,
    };
    (writes, reads)
}

/// Whether all tests set a variable to the same value before they read it.
fn is_constant<'a>(tests: impl Iterator<Item = &'a Record>, variable: &str) -> bool {
    let values: BTreeSet<_> = tests.map(|test| test.constants.get(variable)).collect();
    values.len() == 1 && !values.contains(&None)
}

/// Whether a test can notice that another one created a file or a directory. It cannot if it would
/// create the same one, or creates something in it.
fn notices_creation(resource: &Resource, touches: &BTreeSet<Touch>, log: &Log) -> bool {
    let is_reader = |touch| matches!(touch, Touch::Look | Touch::Use | Touch::List);
    let is_inside = |(kind, name, touches): (Kind, &str, &BTreeSet<Touch>)| {
        kind == Kind::Directory
            && touches.contains(&Touch::Change)
            && Path::new(name).starts_with(&resource.name)
    };
    touches.iter().copied().all(is_reader) && !log.iter().any(is_inside)
}
