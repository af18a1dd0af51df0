//! The touches of all tests, by resource.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Observed;
use crate::findings::{Kind, Resource, Touch};
use crate::observe::rules::Rules;

/// For each resource, how each test touches it. A resource of a process belongs to a binary.
pub(super) type Touches = BTreeMap<(Option<usize>, Resource), BTreeMap<usize, BTreeSet<Touch>>>;

/// Collects the touches of all tests, without ignored resources.
pub(super) fn collect(tests: &[Observed<'_>], rules: &Rules) -> Touches {
    let mut all = Touches::new();
    let sockets: BTreeSet<_> = tests
        .iter()
        .flat_map(|test| test.record.log.iter())
        .filter(|(kind, ..)| *kind == Kind::UnixSocket)
        .map(|(_, name, _)| name)
        .collect();
    for (index, test) in tests.iter().enumerate() {
        for (kind, name, touches) in test.record.log.iter() {
            // The file of a socket is removed like any other file.
            let kind = match kind {
                Kind::File if sockets.contains(name) => Kind::UnixSocket,
                kind => kind,
            };
            if rules.is_ignored(kind, name) {
                continue;
            }
            let binary = kind.is_of_a_process().then_some(test.binary);
            let name = name.to_owned();
            let tests = all.entry((binary, Resource { kind, name })).or_default();
            tests.entry(index).or_default().extend(touches);
        }
    }
    all
}

/// The directories that a test removes, with all tests that touch something in them.
pub(super) fn removed_dirs(touches: &Touches) -> BTreeMap<Resource, BTreeSet<usize>> {
    let mut removed = BTreeMap::new();
    for ((_, resource), tests) in touches {
        let is_removed = tests
            .values()
            .any(|touches| touches.contains(&Touch::Remove));
        if resource.kind != Kind::Directory || !is_removed {
            continue;
        }
        let users = touches.iter().filter(|((_, other), _)| {
            let is_file = matches!(other.kind, Kind::File | Kind::UnixSocket);
            is_file && Path::new(&other.name).starts_with(&resource.name)
        });
        let users = users.flat_map(|(_, tests)| tests.keys().copied()).collect();
        let dir = Resource {
            kind: Kind::File,
            ..resource.clone()
        };
        removed.insert(dir, users);
    }
    removed
}
