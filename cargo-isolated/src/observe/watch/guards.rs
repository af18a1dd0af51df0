//! The program's own locks that a test holds whenever it touches a resource of its process.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::findings::Kind;

pub(super) use crate::observe::record::Guarded;

/// A lock, by its address in the program, with its bytes at one moment.
pub(super) type Lock = (u64, Vec<u8>);

/// The bytes of a program's locks at each touch of a resource.
///
/// A free lock has the same bytes as before the body or, if it was initialized later, as after it.
#[derive(Debug, Default)]
pub(super) struct Guards(BTreeMap<(Kind, String), HashSet<Vec<Lock>>>);

impl Guards {
    pub(super) fn add(&mut self, kind: Kind, name: &str, locks: Vec<Lock>) {
        let of = (kind, name.to_owned());
        self.0.entry(of).or_default().insert(locks);
    }

    /// `idle` has the bytes of free locks.
    pub(super) fn finish(self, idle: &HashSet<Lock>) -> Guarded {
        let guarded = self.0.into_iter().map(|(resource, moments)| {
            let mut held = moments.iter().map(|locks| {
                let held = locks.iter().filter(|lock| !idle.contains(lock));
                held.map(|(address, _)| *address).collect::<BTreeSet<_>>()
            });
            let first = held.next().unwrap_or_default();
            (resource, held.fold(first, |all, held| &all & &held))
        });
        guarded.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::Guards;
    use crate::findings::Kind;

    #[test]
    fn a_lock_guards_what_is_touched_only_while_it_is_held() {
        let idle = HashSet::from([(1, vec![0]), (2, vec![0]), (2, vec![3])]);
        let mut guards = Guards::default();
        for (name, one, two) in [
            ("A", 1, 1),
            ("A", 1, 3),
            ("B", 1, 0),
            ("B", 0, 1),
            ("C", 0, 3),
        ] {
            let locks = vec![(1, vec![one]), (2, vec![two])];
            guards.add(Kind::Variable, name, locks);
        }
        let guarded = guards.finish(&idle);
        let of = |name: &str| &guarded[&(Kind::Variable, name.to_owned())];
        assert_eq!(of("A"), &BTreeSet::from([1]));
        assert!(of("B").is_empty());
        assert!(of("C").is_empty());
    }
}
