//! Excludes tests that cannot run side by side, because they hold the same lock.

use std::collections::BTreeSet;

use super::{Observed, Shared};
use crate::findings::Resource;
use crate::observe::record::Record;

/// Retains only the tests that can collide with another one, because no lock keeps the two apart. Returns
/// whether there are any.
pub(in crate::observe) fn leave_unprotected(shared: &mut Shared, tests: &[Observed<'_>]) -> bool {
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

/// Whether a lock has a single holder: `serial "db"`, or `port 8080` of `port(number = 8080)`.
pub(in crate::observe) fn is_exclusive(lock: &str) -> bool {
    lock.starts_with("serial ") || lock.starts_with("port ")
}

/// Whether two tests exclude each other by a lock: `serial "db"` and `shared "db"`.
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

/// Whether two tests hold the same lock of their program at each touch of a resource of their process.
fn take_turns(one: &Record, other: &Record, resource: &Resource) -> bool {
    let of = |record: &Record| {
        let key = (resource.kind, resource.name.clone());
        record.guarded.get(&key).cloned().unwrap_or_default()
    };
    !of(one).is_disjoint(&of(other))
}
