//! The cost of waiting.

use std::collections::BTreeMap;

use crate::trace::timeline::{Role, Test, Total};

/// Adds up the cost of waiting by key, highest first. While a host waits, the test that has started it
/// provisions.
pub(crate) fn totals(tests: &[Test]) -> Vec<Total> {
    let mut totals: BTreeMap<Option<String>, Total> = BTreeMap::new();
    let is_host = |test: &Test| test.role == Role::Host;
    for (index, test) in tests.iter().enumerate().filter(|(_, test)| !is_host(test)) {
        for lock in &test.locks {
            // Every test holds the lock of all tests, which is of interest only if somebody waits.
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

/// The key of a lock; `alone` and `test` have none.
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
