//! Finds tests that ran at the same time as a failing test, and less often when it passed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::expected::TestId;
use crate::statistics::real;

/// The time during which a test ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) test: TestId,
    pub(crate) start: Instant,
    pub(crate) end: Instant,
    pub(crate) has_failed: bool,
}

/// The spans of all tests, of all copies, by round.
#[derive(Debug, Default)]
pub(crate) struct Overlaps(Vec<Vec<Span>>);

/// Number of runs of a test at the same time as another one.
#[derive(Debug, Default)]
struct Together {
    failed: u64,
    passed: u64,
}

impl Overlaps {
    pub(crate) fn add(&mut self, round: Vec<Span>) {
        self.0.push(round);
    }

    /// The tests that ran beside a test when it failed. Those that did so less often when it passed
    /// come first. The test itself can be one of them, in another copy.
    pub(crate) fn partners(&self, test: &TestId) -> Vec<TestId> {
        let (mut failed, mut passed) = (0, 0);
        let mut all: BTreeMap<&TestId, Together> = BTreeMap::new();
        for round in &self.0 {
            for (index, span) in round.iter().enumerate() {
                if span.test != *test {
                    continue;
                }
                let beside: BTreeSet<_> = round
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != index)
                    .filter(|(_, other)| other.start <= span.end && other.end >= span.start)
                    .map(|(_, other)| &other.test)
                    .collect();
                failed += u64::from(span.has_failed);
                passed += u64::from(!span.has_failed);
                for other in beside {
                    let together = all.entry(other).or_default();
                    together.failed += u64::from(span.has_failed);
                    together.passed += u64::from(!span.has_failed);
                }
            }
        }
        let excess = |together: &Together| {
            real(together.failed) / real(failed.max(1))
                - real(together.passed) / real(passed.max(1))
        };
        let mut partners: Vec<_> = all
            .into_iter()
            .filter(|(_, together)| together.failed > 0)
            .map(|(test, together)| (excess(&together), test))
            .collect();
        partners.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        partners.into_iter().map(|(_, test)| test.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Overlaps, Span};
    use crate::suite::TestId;

    /// A round, with the name, start and end of each test. A `!` marks a failure.
    fn round(start: Instant, spans: &[(&str, u64, u64)]) -> Vec<Span> {
        let spans = spans.iter();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        spans
            .map(|(name, start, end)| Span {
                test: TestId::new("x", name.trim_end_matches('!')),
                start: at(*start),
                end: at(*end),
                has_failed: name.ends_with('!'),
            })
            .collect()
    }

    #[test]
    fn the_first_partner_is_there_when_the_test_fails_and_only_then() {
        let now = Instant::now();
        let mut overlaps = Overlaps::default();
        overlaps.add(round(
            now,
            &[("a!", 0, 5), ("port", 4, 6), ("slow", 0, 9), ("late", 6, 9)],
        ));
        overlaps.add(round(
            now,
            &[("a", 0, 5), ("port", 6, 7), ("slow", 0, 9), ("late", 1, 2)],
        ));
        overlaps.add(round(
            now,
            &[("a!", 3, 5), ("port", 0, 9), ("late", 0, 2), ("once", 4, 4)],
        ));
        let partners = overlaps.partners(&TestId::new("x", "a"));
        let names: Vec<_> = partners.iter().map(|test| &*test.name).collect();
        assert_eq!(
            names,
            ["port", "once", "slow"],
            "`slow` ran when it passed too, and `late` only then"
        );
    }

    #[test]
    fn another_copy_of_the_test_may_be_the_partner() {
        let now = Instant::now();
        let mut overlaps = Overlaps::default();
        overlaps.add(round(now, &[("a", 0, 5), ("a!", 4, 6)]));
        overlaps.add(round(now, &[("a", 0, 5), ("b", 4, 9), ("a", 6, 8)]));
        let partners = overlaps.partners(&TestId::new("x", "a"));
        assert_eq!(partners, [TestId::new("x", "a")]);
    }
}
