//! Finds the resources that two runs of one test share, in two checkouts or by two users.

use std::collections::BTreeSet;
use std::path::Path;

use super::conflicts::{Observed, Shared, is_exclusive};
use super::places::Words;
use super::record::Log;
use super::rules::Rules;
use crate::findings::{Kind, Resource, Touch};

/// Returns the resources that each test changes outside of the workspace, under names that the sources
/// determine. `known` are the conflicts between different tests. `of_cargo` are the directories that each
/// checkout has for itself.
pub(super) fn find(
    tests: &[Observed<'_>],
    known: &[Shared],
    rules: &Rules,
    words: &Words,
    of_cargo: [&Path; 2],
) -> Vec<Shared> {
    // A known socket and its file have the same name.
    let known: BTreeSet<_> = known.iter().map(|shared| &*shared.resource.name).collect();
    let mut found = Vec::new();
    for (index, test) in tests.iter().enumerate() {
        // Two runs of a test that holds such a lock wait for each other.
        if test.record.locks.iter().any(|lock| is_exclusive(lock)) {
            continue;
        }
        let log = &test.record.log;
        let changed = log.iter().filter(|(kind, name, touches)| {
            !kind.is_of_a_process()
                && *kind != Kind::Directory
                && !known.contains(name)
                && touches.iter().any(|touch| touch.is_change())
        });
        let outermost = changed.map(|(kind, name, _)| outermost_of(log, kind, name));
        let resources: BTreeSet<Resource> = outermost.collect();
        let is_shared = |resource: &Resource| {
            let Resource { kind, name } = resource;
            let path = Path::new(name);
            !known.contains(&**name)
                && !rules.is_ignored(*kind, name)
                && !rules.is_cached(*kind, name)
                && !of_cargo.iter().any(|dir| path.starts_with(dir))
                && words.determine(resource)
        };
        found.extend(
            resources
                .into_iter()
                .filter(is_shared)
                .map(|resource| Shared {
                    resource,
                    binary: None,
                    writers: BTreeSet::from([index]),
                    readers: BTreeSet::new(),
                }),
        );
    }
    found
}

/// Returns the outermost directory that the test creates around a file, or else the resource itself. Two
/// runs share the file if this name is the same in both.
fn outermost_of(log: &Log, kind: Kind, name: &str) -> Resource {
    let itself = || Resource {
        kind,
        name: name.to_owned(),
    };
    if !matches!(kind, Kind::File | Kind::UnixSocket) {
        return itself();
    }
    let is_made = |dir: &&Path| {
        let touches = dir.to_str().and_then(|dir| log.touches(Kind::File, dir));
        let makes = |touch: &Touch| matches!(touch, Touch::Prepare | Touch::Change | Touch::Remove);
        touches.is_some_and(|touches| touches.iter().any(makes))
    };
    let above = Path::new(name).ancestors().skip(1).filter(is_made).last();
    match above.and_then(Path::to_str) {
        Some(dir) => Resource {
            kind: Kind::File,
            name: dir.to_owned(),
        },
        None => itself(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::record::Record;
    use super::{BTreeSet, Observed, Resource, Rules, Shared, Words, find};
    use crate::findings::{Kind, Touch};

    use Touch::{Change, Ensure, Prepare, Remove, Use};

    const SOURCE: &str = r#"
        bind("127.0.0.1:17007");
        let path = temp_dir().join("shop.pid");
        let cache = temp_dir().join("shop-cache");
        let export = format!("shop-export-{number}.csv");
        let private = format!("shop-{}", process::id());
        let index = tempdir().join("index.html");
    "#;

    fn shared(touches: &[(Kind, &str, Touch)], locks: &[&str]) -> Vec<String> {
        beside(&[], touches, locks)
    }

    /// The resources that two runs of a test share, beside conflicts that are known.
    fn beside(
        known: &[(Kind, &str)],
        touches: &[(Kind, &str, Touch)],
        locks: &[&str],
    ) -> Vec<String> {
        let known = known.iter().map(|(kind, name)| Shared {
            resource: Resource {
                kind: *kind,
                name: (*name).to_owned(),
            },
            binary: None,
            writers: BTreeSet::from([0, 1]),
            readers: BTreeSet::new(),
        });
        let known: Vec<_> = known.collect();
        let record = Record {
            locks: locks.iter().map(|lock| (*lock).to_owned()).collect(),
            ..Record::touching(touches)
        };
        let test = Observed {
            binary: 0,
            record: &record,
        };
        let rules = Rules::new("/w/target".into(), [], &[]).expect("rules");
        let of_cargo = [Path::new("/w"), Path::new("/w/target")];
        let found = find(&[test], &known, &rules, &Words::of(SOURCE), of_cargo);
        found
            .into_iter()
            .map(|shared| shared.resource.name)
            .collect()
    }

    #[test]
    fn a_name_in_the_sources_is_the_same_in_each_run() {
        assert_eq!(shared(&[(Kind::TcpPort, "17007", Change)], &[]), ["17007"]);
        assert!(shared(&[(Kind::TcpPort, "17008", Change)], &[]).is_empty());
        assert!(shared(&[(Kind::TcpPort, "17007", Use)], &[]).is_empty());
        let file = |name, touch| shared(&[(Kind::File, name, touch)], &[]);
        assert_eq!(file("/tmp/shop.pid", Change), ["/tmp/shop.pid"]);
        assert!(file("/tmp/shop.pid", Ensure).is_empty());
        assert!(file("/tmp/other.pid", Change).is_empty());
        assert!(file("/w/shop.pid", Change).is_empty());
        assert!(file("/w/target/tmp/shop.pid", Change).is_empty());
    }

    #[test]
    fn a_number_in_a_name_is_the_same_if_it_is_short() {
        let file = |name| shared(&[(Kind::File, name, Change)], &[]).len();
        assert_eq!(file("/tmp/shop-export-44.csv"), 1);
        assert_eq!(file("/tmp/shop-41235"), 0);
    }

    #[test]
    fn the_outermost_new_directory_counts() {
        let dir = |dir: &str, file: &str| {
            shared(
                &[(Kind::File, dir, Prepare), (Kind::File, file, Change)],
                &[],
            )
        };
        let cache = dir("/tmp/shop-cache", "/tmp/shop-cache/1.png");
        assert_eq!(cache, ["/tmp/shop-cache"]);
        assert!(dir("/tmp/.tmpa1B2c3", "/tmp/.tmpa1B2c3/index.html").is_empty());
    }

    #[test]
    fn conflicts_with_other_tests_are_not_repeated() {
        let touches = [
            (Kind::File, "/tmp/shop-cache", Prepare),
            (Kind::File, "/tmp/shop-cache/control", Remove),
        ];
        assert_eq!(shared(&touches, &[]), ["/tmp/shop-cache"]);
        let known = [(Kind::UnixSocket, "/tmp/shop-cache/control")];
        assert!(beside(&known, &touches, &[]).is_empty());
    }

    #[test]
    fn a_lock_keeps_two_runs_apart() {
        let binds = [(Kind::TcpPort, "17007", Change)];
        assert!(shared(&binds, &["serial \"echo\""]).is_empty());
        assert!(shared(&binds, &["port 17007"]).is_empty());
        assert_eq!(shared(&binds, &["shared \"echo\""]).len(), 1);
    }
}
