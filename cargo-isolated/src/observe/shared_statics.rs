//! Finds the statics that tests of one program share.

use std::collections::{BTreeMap, BTreeSet};

use super::conflicts::Shared;
use super::record::{Record, StaticTouch};
use super::static_types::{SET_ONCE, is_exclusive, is_set_once};
use super::statics::Statics;
use crate::findings::{Kind, Resource};

/// Types that are mutable behind a shared reference.
const MUTABLE: [&str; 8] = [
    "Mutex<",
    "RwLock<",
    "Atomic",
    "RefCell<",
    "::Cell<",
    "DashMap<",
    "Sender<",
    "Semaphore",
];

/// Returns the statics that tests of a program share. `tests` are their indices and records.
pub(super) fn find(binary: usize, tests: &[(usize, &Record)], statics: &Statics) -> Vec<Shared> {
    let mut touched: BTreeMap<u64, BTreeMap<usize, StaticTouch>> = BTreeMap::new();
    for (test, record) in tests {
        for (address, touch) in &record.statics {
            touched.entry(*address).or_default().insert(*test, *touch);
        }
    }
    let shared = touched.into_iter().filter_map(|(address, tests)| {
        let of = statics.get(address)?;
        let values: BTreeSet<_> = tests.values().collect();
        let (readers, writers): (Vec<_>, Vec<_>) = tests
            .iter()
            .partition(|(_, touch)| **touch == StaticTouch::Used);
        let numbers =
            |tests: Vec<(&usize, &StaticTouch)>| tests.into_iter().map(|(test, _)| *test).collect();
        can_matter(of.type_name(), values.len()).then(|| Shared {
            resource: Resource {
                kind: Kind::Static,
                name: of.name.clone(),
            },
            binary: Some(binary),
            writers: numbers(writers),
            readers: numbers(readers),
        })
    });
    shared.collect()
}

/// Whether a test can notice that another one has changed a static. `values` is the number of different
/// touches.
fn can_matter(type_name: Option<&str>, values: usize) -> bool {
    let Some(name) = type_name else {
        return true;
    };
    if name == "Once" || is_exclusive(name) {
        return false;
    }
    if !is_set_once(name) {
        return true;
    }
    let inner = name.split_once('<').map_or("", |(_, inner)| inner);
    let is_set = SET_ONCE.iter().any(|prefix| name.starts_with(prefix));
    // The order of a hash map is random, so its fingerprint is meaningless.
    let differs = is_set && values > 1 && !inner.contains("RandomState");
    differs || MUTABLE.iter().any(|text| inner.contains(text))
}

#[cfg(test)]
mod tests {
    use super::can_matter;

    #[test]
    fn a_value_that_is_always_the_same_does_not_matter() {
        assert!(can_matter(None, 1));
        assert!(can_matter(Some("AtomicUsize"), 1));
        assert!(can_matter(Some("Mutex<alloc::vec::Vec<u32>>"), 1));
        assert!(can_matter(
            Some("LazyLock<std::sync::mutex::Mutex<u32>, fn() -> u32>"),
            1
        ));
        assert!(!can_matter(
            Some("LazyLock<regex::Regex, fn() -> regex::Regex>"),
            2
        ));
        assert!(!can_matter(Some("OnceLock<alloc::string::String>"), 1));
        assert!(can_matter(Some("OnceLock<alloc::string::String>"), 2));
        let map = "OnceLock<std::collections::hash::map::HashMap<u8, u8, std::hash::random::RandomState>>";
        assert!(!can_matter(Some(map), 2));
        assert!(!can_matter(Some("Once"), 2));
        assert!(!can_matter(Some("Mutex<()>"), 2));
    }
}
