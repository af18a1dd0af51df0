//! Finds what tests share, from the records of single tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::record::{Log, Record};
use super::rules::Rules;
use crate::findings::{Kind, Resource, Touch};

/// A test that was observed.
#[derive(Debug)]
pub(super) struct Observed<'a> {
    /// Which tests run in the same process as this one.
    pub(super) binary: usize,
    pub(super) record: &'a Record,
}

/// What tests do to a resource that they share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shared {
    pub(super) resource: Resource,
    /// The binary, for a resource of a process.
    pub(super) binary: Option<usize>,
    pub(super) writers: BTreeSet<usize>,
    pub(super) readers: BTreeSet<usize>,
}

impl Shared {
    pub(super) fn tests(&self) -> impl Iterator<Item = usize> {
        self.writers.union(&self.readers).copied()
    }
}

/// The touches of all tests, by resource.
type Touches = BTreeMap<(Option<usize>, Resource), BTreeMap<usize, BTreeSet<Touch>>>;

/// Finds what at least two tests share, and at least one of them changes.
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
            // Two tests may create different entries. Only one that lists them notices.
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

/// Whether a test may notice that another one has created a file or a directory: it neither creates it nor
/// would create it, and creates nothing in it.
fn notices_creation(resource: &Resource, touches: &BTreeSet<Touch>, log: &Log) -> bool {
    let is_reader = |touch| matches!(touch, Touch::Look | Touch::Use | Touch::List);
    let is_inside = |(kind, name, touches): (Kind, &str, &BTreeSet<Touch>)| {
        kind == Kind::Directory
            && touches.contains(&Touch::Change)
            && Path::new(name).starts_with(&resource.name)
    };
    touches.iter().copied().all(is_reader) && !log.iter().any(is_inside)
}

fn collect(tests: &[Observed<'_>], rules: &Rules) -> Touches {
    let mut all = Touches::new();
    let sockets: BTreeSet<_> = tests
        .iter()
        .flat_map(|test| test.record.log.iter())
        .filter(|(kind, ..)| *kind == Kind::UnixSocket)
        .map(|(_, name, _)| name)
        .collect();
    for (index, test) in tests.iter().enumerate() {
        for (kind, name, touches) in test.record.log.iter() {
            // The file of a socket is removed as any other.
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

/// The directories that a test removes, with the tests that use something in them.
fn removed_dirs(touches: &Touches) -> BTreeMap<Resource, BTreeSet<usize>> {
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

/// Leaves only the tests that can run beside another one that matters to them, and tells whether there are
/// any.
pub(super) fn leave_unprotected(shared: &mut Shared, tests: &[Observed<'_>]) -> bool {
    let all: Vec<_> = shared.tests().collect();
    let collides = |one: usize, other: usize| {
        let writes = shared.writers.contains(&one) || shared.writers.contains(&other);
        let [one_record, other_record] = [tests[one].record, tests[other].record];
        one != other
            && writes
            && !exclude_each_other(one_record, other_record)
            && !take_turns(one_record, other_record, &shared.resource)
    };
    let unprotected: BTreeSet<_> = all
        .iter()
        .copied()
        .filter(|one| all.iter().any(|other| collides(*one, *other)))
        .collect();
    shared.writers.retain(|test| unprotected.contains(test));
    shared.readers.retain(|test| unprotected.contains(test));
    !unprotected.is_empty()
}

/// Whether only one test can hold a lock: `serial "db"`, or `port 8080` of `port(number = 8080)`.
pub(super) fn is_exclusive(lock: &str) -> bool {
    lock.starts_with("serial ") || lock.starts_with("port ")
}

/// Whether two tests hold a lock that only one of them can have: `serial "db"` and `shared "db"`.
fn exclude_each_other(one: &Record, other: &Record) -> bool {
    let excludes = |one: &String, other: &String| {
        let split = |lock: &String| {
            lock.split_once(' ')
                .map(|(mode, key)| (mode.to_owned(), key.to_owned()))
        };
        match (split(one), split(other)) {
            (Some((one_mode, one_key)), Some((other_mode, other_key))) => {
                one_key == other_key
                    && (is_exclusive(one) || is_exclusive(other))
                    && (one_mode == "port") == (other_mode == "port")
            }
            _ => false,
        }
    };
    one.locks
        .iter()
        .any(|one| other.locks.iter().any(|other| excludes(one, other)))
}

/// Whether two tests of a program touch a resource of their process only while they hold the same lock of the
/// program.
fn take_turns(one: &Record, other: &Record, resource: &Resource) -> bool {
    let of = |record: &Record| {
        let key = (resource.kind, resource.name.clone());
        record.guarded.get(&key).cloned().unwrap_or_default()
    };
    !of(one).is_disjoint(&of(other))
}

/// What `SQLite` appends to the name of a database, for files that come and go with it.
const BESIDE_A_DATABASE: [&str; 3] = ["-journal", "-shm", "-wal"];

/// Drops what lies in a directory, or belongs to a database, that the same tests share already.
fn without_parts(shared: Vec<Shared>) -> Vec<Shared> {
    let is_part = |part: &Shared| {
        let is_path = |kind| matches!(kind, Kind::File | Kind::Directory);
        is_path(part.resource.kind)
            && shared.iter().any(|whole| {
                let tests: BTreeSet<_> = whole.tests().collect();
                let is_above = Path::new(&part.resource.name).starts_with(&whole.resource.name)
                    && part.resource.name != whole.resource.name;
                let is_same = part.resource.name == whole.resource.name
                    && (part.resource.kind, whole.resource.kind) == (Kind::File, Kind::Directory);
                let rest = part.resource.name.strip_prefix(&*whole.resource.name);
                let is_beside = rest.is_some_and(|rest| BESIDE_A_DATABASE.contains(&rest));
                is_path(whole.resource.kind)
                    && (is_above || is_same || is_beside)
                    && part.tests().all(|test| tests.contains(&test))
            })
    };
    let parts: Vec<_> = shared.iter().map(is_part).collect();
    let whole = shared
        .into_iter()
        .zip(parts)
        .filter(|(_, is_part)| !is_part);
    whole.map(|(shared, _)| shared).collect()
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, BTreeSet, Log, Observed, Record, Rules, find};
    use crate::findings::{Kind, Outcome, Touch};

    use Touch::{Change, Ensure, List, Look, Prepare, Remove, Use};

    /// A record with these touches of files.
    fn record(touches: &[(Kind, &str, Touch)], locks: &[&str]) -> Record {
        let mut log = Log::default();
        for (kind, name, touch) in touches {
            log.add(*kind, name, *touch);
        }
        Record {
            name: String::new(),
            outcome: Outcome::Passed,
            log,
            statics: BTreeMap::new(),
            guarded: BTreeMap::new(),
            constants: BTreeMap::new(),
            relative: BTreeSet::new(),
            left_behind: Vec::new(),
            locks: locks.iter().map(|lock| (*lock).to_owned()).collect(),
        }
    }

    /// The conflicts among tests of two programs, one line each.
    fn conflicts(records: &[Record]) -> Vec<String> {
        let rules = Rules::new(
            "/w/target".into(),
            ["/w/target/debug".into()],
            &["*.ignored".into()],
        );
        let tests: Vec<_> = records
            .iter()
            .enumerate()
            .map(|(index, record)| Observed {
                // The last test is in another program.
                binary: usize::from(index == 2),
                record,
            })
            .collect();
        let shared = find(&tests, &rules.expect("rules"));
        let line = |shared: &super::Shared| {
            format!(
                "{} {:?} {:?}",
                shared.resource.name, shared.writers, shared.readers
            )
        };
        shared.iter().map(line).collect()
    }

    fn files(touches: &[&[(&str, Touch)]]) -> Vec<String> {
        let records = touches.iter().map(|touches| {
            let touches = touches
                .iter()
                .map(|(name, touch)| (Kind::File, *name, *touch));
            record(&touches.collect::<Vec<_>>(), &[])
        });
        conflicts(&records.collect::<Vec<_>>())
    }

    #[test]
    fn one_that_changes_and_another_are_a_conflict() {
        assert_eq!(files(&[&[("/a", Change)], &[("/a", Look)]]), ["/a {0} {1}"]);
        assert_eq!(
            files(&[&[("/a", Use), ("/a", Remove)], &[("/a", Change)]]),
            ["/a {0, 1} {}"]
        );
        assert!(files(&[&[("/a", Use)], &[("/a", Use)]]).is_empty());
        assert!(files(&[&[("/a", Change)], &[("/b", Change)]]).is_empty());
    }

    #[test]
    fn what_all_would_prepare_is_none() {
        assert!(files(&[&[("/a", Prepare)], &[("/a", Ensure), ("/a", Use)]]).is_empty());
        assert_eq!(
            files(&[&[("/a", Prepare)], &[("/a", Look)]]),
            ["/a {0} {1}"]
        );
        assert_eq!(
            files(&[&[("/a", Prepare)], &[("/a", Remove)]]),
            ["/a {1} {0}"]
        );
    }

    #[test]
    fn one_that_would_prepare_it_does_not_notice_it() {
        let test = |touch| record(&[(Kind::File, "/a", touch)], &[]);
        let looks_and_ensures = || {
            let touches = [(Kind::File, "/a", Ensure), (Kind::File, "/a", Look)];
            record(&touches, &[])
        };
        assert_eq!(
            conflicts(&[test(Prepare), looks_and_ensures(), test(Look)]),
            ["/a {0} {2}"]
        );
    }

    #[test]
    fn one_that_creates_something_in_a_directory_does_not_notice_it() {
        let prepares = || record(&[(Kind::File, "/d", Prepare)], &[]);
        let creates = |dir: &'static str| {
            let touches = [(Kind::File, "/d", Look), (Kind::Directory, dir, Change)];
            record(&touches, &[])
        };
        assert!(conflicts(&[prepares(), creates("/d")]).is_empty());
        assert!(conflicts(&[prepares(), creates("/d/e")]).is_empty());
        assert_eq!(conflicts(&[prepares(), creates("/e")]), ["/d {0} {1}"]);
    }

    #[test]
    fn files_of_cargo_and_of_the_system_do_not_count() {
        for path in [
            "/w/target/debug/app",
            "/w/target/.rustc_info.json",
            "/dev/null",
            "/x.ignored",
        ] {
            assert!(
                files(&[&[(path, Change)], &[(path, Change)]]).is_empty(),
                "{path}"
            );
        }
        assert_eq!(
            files(&[&[("/w/target/tmp/a", Change)], &[("/w/target/tmp/a", Use)]]).len(),
            1
        );
    }

    #[test]
    fn only_one_who_lists_a_directory_notices_its_entries() {
        let directory = |touch| (Kind::Directory, "/d", touch);
        let creates = || record(&[directory(Change)], &[]);
        assert!(conflicts(&[creates(), creates()]).is_empty());
        let lists = record(&[directory(List)], &[]);
        assert_eq!(conflicts(&[creates(), lists]), ["/d {0} {1}"]);
    }

    #[test]
    fn a_removed_directory_matters_to_those_who_use_what_is_in_it() {
        let removes = record(
            &[(Kind::File, "/d", Remove), (Kind::Directory, "/d", Remove)],
            &[],
        );
        let uses = record(&[(Kind::File, "/d/a", Change)], &[]);
        assert_eq!(conflicts(&[removes, uses]), ["/d {0} {1}"]);
    }

    #[test]
    fn what_lies_in_a_shared_directory_is_not_repeated() {
        let test = || {
            let file = (Kind::File, "/d/a", Change);
            record(
                &[
                    (Kind::File, "/d", Remove),
                    (Kind::Directory, "/d", Remove),
                    file,
                ],
                &[],
            )
        };
        assert_eq!(conflicts(&[test(), test()]), ["/d {0, 1} {}"]);
    }

    fn sets(locks: &[u64], value: Option<&str>) -> Record {
        let mut record = record(&[(Kind::Variable, "A", Change)], &[]);
        let variable = (Kind::Variable, "A".to_owned());
        record
            .guarded
            .insert(variable, locks.iter().copied().collect());
        let value = value.map(|value| ("A".to_owned(), value.into()));
        record.constants.extend(value);
        record
    }

    #[test]
    fn tests_that_hold_the_same_lock_of_their_program_are_left_out() {
        let test = |locks| sets(locks, None);
        assert!(conflicts(&[test(&[1, 2]), test(&[2])]).is_empty());
        assert_eq!(conflicts(&[test(&[1]), test(&[2])]), ["A {0, 1} {}"]);
        assert_eq!(conflicts(&[test(&[]), test(&[])]), ["A {0, 1} {}"]);
    }

    #[test]
    fn a_variable_that_all_set_to_the_same_value_is_none() {
        let test = |value| sets(&[], value);
        assert!(conflicts(&[test(Some("1")), test(Some("1"))]).is_empty());
        for other in [test(Some("2")), test(None)] {
            assert_eq!(conflicts(&[test(Some("1")), other]), ["A {0, 1} {}"]);
        }
        let reads = record(&[(Kind::Variable, "A", Use)], &[]);
        assert_eq!(conflicts(&[test(Some("1")), reads]), ["A {0} {1}"]);
    }

    #[test]
    fn the_journal_of_a_shared_database_is_not_repeated() {
        let both: &[_] = &[("/a.db", Change), ("/a.db-journal", Change)];
        assert_eq!(files(&[both, both]), ["/a.db {0, 1} {}"]);
        let journal: &[_] = &[("/a.db-journal", Change)];
        assert_eq!(files(&[journal, journal]), ["/a.db-journal {0, 1} {}"]);
    }

    #[test]
    fn tests_that_exclude_each_other_are_left_out() {
        let test = |locks: &[&str]| record(&[(Kind::File, "/a", Change)], locks);
        let serial = || test(&["serial \"a\""]);
        assert!(conflicts(&[serial(), test(&["shared \"a\""])]).is_empty());
        let shared = || test(&["shared \"a\""]);
        assert_eq!(conflicts(&[shared(), shared()]), ["/a {0, 1} {}"]);
        assert_eq!(
            conflicts(&[serial(), test(&["serial \"b\""])]),
            ["/a {0, 1} {}"]
        );
        assert_eq!(
            conflicts(&[serial(), test(&[]), serial()]),
            ["/a {0, 1, 2} {}"]
        );
        assert_eq!(conflicts(&[shared(), serial(), shared()]), ["/a {0, 2} {}"]);
        let port = |number| test(&[number]);
        assert!(conflicts(&[port("port 8080"), port("port 8080")]).is_empty());
        assert_eq!(
            conflicts(&[port("port 8080"), port("port 8081")]),
            ["/a {0, 1} {}"]
        );
    }

    #[test]
    fn a_process_is_shared_within_a_program() {
        let test = || record(&[(Kind::Variable, "A", Change)], &[]);
        assert_eq!(conflicts(&[test(), test(), test()]), ["A {0, 1} {}"]);
    }

    #[test]
    fn the_file_of_a_socket_is_the_socket() {
        let binds = record(&[(Kind::UnixSocket, "/s", Change)], &[]);
        let removes = record(&[(Kind::File, "/s", Remove)], &[]);
        assert_eq!(conflicts(&[binds, removes]), ["/s {0, 1} {}"]);
    }
}
