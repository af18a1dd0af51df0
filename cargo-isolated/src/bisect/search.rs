//! The search for the tests that make another one fail, even if it fails only now and then.
//!
//! One failed run proves that a set fails. No number of clean runs proves the opposite. So a set counts
//! as passing after so many clean runs that a set with the measured failure rate would have failed in
//! one of them, with the stated confidence.

use std::fmt;

use anyhow::Result;
use serde::Serialize;

use super::ddmin;
use crate::figures::range;
use crate::statistics::{clean_runs, interval, lower_bound};
use crate::suite::TestId;

/// Number of failures that measure a rate well enough.
const ENOUGH: u64 = 5;

/// The number of runs of a test, and how many of them failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Rate {
    pub(crate) failures: u64,
    pub(crate) runs: u64,
}

/// `5 of 18 runs: a rate of 9.6–54 % (95 %)`
impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { failures, runs } = *self;
        let rate = range(interval(failures, runs));
        write!(
            formatter,
            "{failures} of {runs} runs: a rate of {rate} (95 %)"
        )
    }
}

/// Tests that together make the test fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Culprits {
    pub(crate) tests: Vec<TestId>,
    pub(crate) rate: Rate,
    /// Number of runs without any one of them, all of which passed.
    pub(crate) clean: u64,
    pub(crate) message: String,
}

/// The results of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) sets: Vec<Culprits>,
    /// The rate with all candidates outside of the sets, unless the search stopped early.
    pub(crate) rest: Option<Rate>,
}

/// A search. The probe runs the test with some candidates, and returns the message if it fails.
pub(crate) struct Search<P, O> {
    pub(crate) probe: P,
    /// Receives the number of probes so far, and an estimate of the total.
    pub(crate) observe: O,
    pub(crate) confidence: f64,
    /// Number of runs with all candidates after which the test passes with them.
    pub(crate) most: u64,
    pub(crate) probes: u64,
    pub(crate) estimate: u64,
}

impl<P, O> Search<P, O>
where
    P: FnMut(&[TestId]) -> Result<Option<String>>,
    O: FnMut(u64, u64),
{
    /// Looks for up to `max` sets that have no test in common. Results from before an error stay in
    /// `found`.
    pub(crate) fn run(
        &mut self,
        candidates: Vec<TestId>,
        max: usize,
        found: &mut Found,
    ) -> Result<()> {
        let mut left = candidates;
        while !left.is_empty() {
            let (rate, _) = self.measure(&left)?;
            if rate.failures == 0 {
                found.rest = Some(rate);
                break;
            }
            let culprits = self.culprits(&left, rate)?;
            left.retain(|test| !culprits.tests.contains(test));
            let is_last = culprits.tests.is_empty() || found.sets.len() + 1 >= max;
            found.sets.push(culprits);
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Finds a minimal set in one that fails, and confirms that each of its tests is needed.
    fn culprits(&mut self, all: &[TestId], rate: Rate) -> Result<Culprits> {
        let (mut set, mut rate) = (all.to_vec(), rate);
        loop {
            let clean = self.clean(rate, 1);
            self.expect(clean, set.len());
            set = ddmin::minimize(&set, |part| self.fails(part, clean))?;
            let (measured, message) = self.measure(&set)?;
            // Without a failure here, the set fails too rarely to be reduced further.
            let (clean, smaller) = if measured.failures == 0 {
                (0, None)
            } else {
                let clean = self.clean(measured, set.len());
                (clean, self.smaller(&set, clean)?)
            };
            match smaller {
                Some(smaller) if !smaller.is_empty() => (set, rate) = (smaller, measured),
                // An empty set fails too: the test needs no other.
                smaller => {
                    return Ok(Culprits {
                        tests: smaller.unwrap_or(set),
                        rate: measured,
                        clean,
                        message: message.unwrap_or_default(),
                    });
                }
            }
        }
    }

    /// The set without a test that it does not need to fail.
    fn smaller(&mut self, set: &[TestId], clean: u64) -> Result<Option<Vec<TestId>>> {
        for index in 0..set.len() {
            let mut rest = set.to_vec();
            rest.remove(index);
            if self.fails(&rest, clean)? {
                return Ok(Some(rest));
            }
        }
        Ok(None)
    }

    /// Runs until the test has failed often enough to know the rate, or passed too often to go on.
    fn measure(&mut self, set: &[TestId]) -> Result<(Rate, Option<String>)> {
        let (mut rate, mut message) = (Rate::default(), None);
        self.expect_more(ENOUGH);
        while rate.failures < ENOUGH
            && (rate.runs < self.most || rate.failures > 0 && rate.runs < ENOUGH * self.most)
        {
            rate.runs += 1;
            if let Some(said) = self.once(set)? {
                rate.failures += 1;
                message = message.or(Some(said));
            }
        }
        Ok((rate, message))
    }

    fn fails(&mut self, set: &[TestId], clean: u64) -> Result<bool> {
        for _ in 0..clean {
            if self.once(set)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn once(&mut self, set: &[TestId]) -> Result<Option<String>> {
        (self.observe)(self.probes, self.estimate.max(self.probes + 1));
        self.probes += 1;
        (self.probe)(set)
    }

    /// Number of clean runs after which a set counts as passing, given the measured rate. Several
    /// conclusions share the error that the confidence allows.
    fn clean(&self, rate: Rate, conclusions: usize) -> u64 {
        let conclusions = u32::try_from(conclusions).unwrap_or(u32::MAX);
        let confidence = 1.0 - (1.0 - self.confidence) / f64::from(conclusions.max(1));
        let least = lower_bound(rate.failures, rate.runs, self.confidence);
        clean_runs(least, confidence)
    }

    fn expect(&mut self, clean: u64, candidates: usize) {
        // At each step, the first half fails at once or passes all of its runs.
        let steps = u64::from(candidates.max(2).ilog2() + 1);
        self.expect_more((clean + 2) * steps + ENOUGH + clean);
    }

    fn expect_more(&mut self, probes: u64) {
        self.estimate = self.estimate.max(self.probes + probes);
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Result;

    use super::{Found, Rate, Search};
    use crate::random::Random;
    use crate::suite::TestId;

    fn test(number: usize) -> TestId {
        TestId::new("x", &format!("test{number:03}"))
    }

    /// Searches 64 tests for sets that fail with these probabilities in percent.
    fn search(max: usize, most: u64, sets: &[(&[usize], u64)]) -> (Found, u64) {
        let sets: Vec<(Vec<TestId>, u64)> = sets
            .iter()
            .map(|(set, percent)| (set.iter().copied().map(test).collect(), *percent))
            .collect();
        let mut random = Random::seeded(7);
        let probe = |set: &[TestId]| -> Result<Option<String>> {
            let failed = sets.iter().find(|(culprits, percent)| {
                culprits.iter().all(|one| set.contains(one)) && random.below(100) < *percent
            });
            Ok(failed.map(|(culprits, _)| format!("met {}", culprits.len())))
        };
        let mut search = Search {
            probe,
            observe: |done, estimate| assert!(done < estimate),
            confidence: 0.95,
            most,
            probes: 0,
            estimate: 0,
        };
        let mut found = Found::default();
        let searched = search.run((0..64).map(test).collect(), max, &mut found);
        searched.expect("no probe fails");
        (found, search.probes)
    }

    fn names(found: &Found) -> Vec<Vec<TestId>> {
        found.sets.iter().map(|set| set.tests.clone()).collect()
    }

    #[test]
    fn a_certain_failure_needs_few_probes() {
        let (found, probes) = search(1, 20, &[(&[40], 100)]);
        assert_eq!(names(&found), [vec![test(40)]]);
        let set = &found.sets[0];
        assert_eq!(
            set.rate,
            Rate {
                failures: 5,
                runs: 5
            }
        );
        assert_eq!((set.clean, &*set.message), (4, "met 1"));
        assert!(probes <= 40, "{probes}");
    }

    #[test]
    fn a_rare_failure_is_repeated_until_it_is_known() {
        for number in 0..8 {
            let (found, _) = search(1, 60, &[(&[number * 8], 20)]);
            assert_eq!(names(&found), [vec![test(number * 8)]]);
            assert!(found.sets[0].clean > 15, "{found:?}");
        }
    }

    /// The rate if all runs of these searches pass.
    const PASSES: Rate = Rate {
        failures: 0,
        runs: 20,
    };

    #[test]
    fn a_pair_and_another_culprit_are_told_apart() {
        let (found, _) = search(3, 20, &[(&[3, 50], 90), (&[20], 100)]);
        let mut sets = names(&found);
        sets.sort();
        assert_eq!(sets, [vec![test(3), test(50)], vec![test(20)]]);
        assert_eq!(found.rest, Some(PASSES));
    }

    #[test]
    fn no_more_sets_are_found_than_wanted() {
        let (found, _) = search(1, 20, &[(&[3], 100), (&[20], 100)]);
        assert_eq!((found.sets.len(), found.rest), (1, None));
    }

    #[test]
    fn without_a_culprit_nothing_is_found() {
        let (found, probes) = search(3, 20, &[]);
        assert_eq!((names(&found), probes), (Vec::new(), 20));
        assert_eq!(found.rest, Some(PASSES));
    }

    /// A test that fails alone now and then has no culprits.
    #[test]
    fn a_failure_that_needs_no_other_test_has_an_empty_set() {
        let (found, _) = search(1, 20, &[(&[], 60)]);
        assert_eq!(names(&found), [Vec::new()]);
    }
}
