//! Finds the tests that were active while a failed test was.

use crate::trace::timeline::{Outcome, Overlap, Role, Test};

/// Maximum number of overlaps to list for one test.
const MOST: usize = 100;

/// Lists for every test that did not pass the tests that were active at the same time. A test that
/// only waits does not count, because it disturbs no other, nor does a host, which is active beside all
/// of its users.
pub(crate) fn find(tests: &mut [Test]) {
    for index in 0..tests.len() {
        let test = &tests[index];
        if !test.is_test() || test.outcome == Outcome::Passed {
            continue;
        }
        let mut overlaps: Vec<_> = tests
            .iter()
            .enumerate()
            .filter(|(other, with)| *other != index && with.role != Role::Host)
            .filter_map(|(other, with)| {
                let time = shared(test, with)?;
                Some(Overlap { test: other, time })
            })
            .collect();
        overlaps.sort_by_key(|overlap| std::cmp::Reverse(overlap.time));
        let test = &mut tests[index];
        test.overlapping = overlaps.len();
        overlaps.truncate(MOST);
        test.overlaps = overlaps;
    }
}

/// How long two tests were active together, if they were.
fn shared(one: &Test, other: &Test) -> Option<u64> {
    let from = one.active?.max(other.active?);
    one.end.min(other.end).checked_sub(from)
}
