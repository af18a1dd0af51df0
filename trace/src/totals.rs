//! What waiting has cost.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::timeline::{Holder, Test};

/// What waiting for one key has cost.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Total {
    /// The key, or nothing for tests that run alone and those that wait for them.
    pub key: Option<String>,
    /// How often it was held.
    pub holders: usize,
    /// How often somebody waited.
    pub waits: usize,
    /// For how long in all; those who wait at the same time each count.
    pub time: u64,
    /// For how long at most.
    pub longest: u64,
    /// The index of the test that waited for the longest.
    pub test: Option<usize>,
    /// Behind whom it did.
    pub behind: Vec<Holder>,
}

/// Adds up by key, the dearest first.
pub(crate) fn totals(tests: &[Test]) -> Vec<Total> {
    let mut totals: BTreeMap<Option<String>, Total> = BTreeMap::new();
    for (index, test) in tests.iter().enumerate() {
        for lock in &test.locks {
            // Every test holds the lock of everyone, which says nothing unless somebody waits.
            if lock.want != "test" {
                totals.entry(key(&lock.want)).or_default().holders += 1;
            }
        }
        for wait in &test.waits {
            let total = totals.entry(key(&wait.want)).or_default();
            let time = wait.to - wait.from;
            total.waits += 1;
            total.time += time;
            if total.test.is_none() || time > total.longest {
                total.longest = time;
                total.test = Some(index);
                total.behind.clone_from(&wait.behind);
            }
        }
    }
    let mut totals: Vec<_> = totals
        .into_iter()
        .map(|(key, total)| Total { key, ..total })
        .collect();
    totals.sort_by_key(|total| std::cmp::Reverse((total.time, total.holders)));
    totals
}

/// Returns the key of a lock; `alone` and `test` are about no key.
fn key(want: &str) -> Option<String> {
    if let Some(want) = want.strip_prefix("internal ") {
        return Some(format!("internal {}", key(want)?));
    }
    want.split_once(' ').map(|(_, key)| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn an_internal_key_is_told_from_an_ordinary_one() {
        assert_eq!(key("test"), None);
        assert_eq!(key("serial tcp").unwrap(), "tcp");
        assert_eq!(key("internal serial tcp").unwrap(), "internal tcp");
    }
}
