//! The results so far, when to stop, and the verdict.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::statistics::{CONFIDENCE, clean_runs};
use crate::stress::diagnosis::Cause;
use crate::stress::expected::TestId;
use crate::stress::options::Options;
use crate::stress::overlap::Overlaps;
use crate::stress::records::Records;

/// The outcome of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing failed, and the rate is shown to be below the bound.
    Shown,
    /// A test failed, whatever the rate.
    Failed,
    /// Nothing failed, but there were too few runs to show the bound.
    NotShown,
}

impl Verdict {
    /// The exit status of the command.
    pub(crate) fn status(self) -> u8 {
        match self {
            Self::Shown => 0,
            Self::Failed => 1,
            Self::NotShown => 2,
        }
    }
}

/// The combined results of all rounds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) records: Records,
    pub(crate) overlaps: Overlaps,
    /// The causes of the failures that were diagnosed.
    pub(crate) causes: BTreeMap<TestId, Cause>,
    /// Number of completed rounds.
    pub(crate) rounds: usize,
    pub(crate) time: Duration,
    /// The reason if the last round was cut off.
    pub(crate) cut_off: Option<&'static str>,
    /// The tests that have no result because the round was cut off.
    pub(crate) without_result: Vec<TestId>,
    /// The folder of the examples.
    pub(crate) folder: PathBuf,
}

impl Found {
    /// The upper bound of the failure rate: the highest of the single tests, or, with `--together`,
    /// that of all test runs.
    pub(crate) fn bound(&self, options: &Options) -> f64 {
        let together = self.records.pooled_bound();
        if options.together {
            together
        } else {
            self.records.worst_bound().max(together)
        }
    }

    /// Whether the rate is shown to be below the requested bound.
    pub(crate) fn is_shown(&self, options: &Options) -> bool {
        self.bound(options) < options.below
    }

    /// Whether to stop after this round.
    pub(crate) fn is_enough(&self, options: &Options) -> bool {
        self.is_shown(options)
            || options.rounds.is_some_and(|rounds| self.rounds >= rounds)
            || self.cut_off.is_some()
    }

    pub(crate) fn verdict(&self, options: &Options) -> Verdict {
        if !self.records.offenders().is_empty() {
            Verdict::Failed
        } else if self.is_shown(options) {
            Verdict::Shown
        } else {
            Verdict::NotShown
        }
    }

    /// Total time until every single test is shown to be below a rate, if none fails.
    pub(crate) fn time_for_each(&self, rate: f64) -> Option<Duration> {
        let (least, runs) = (self.records.least(), clean_runs(rate, CONFIDENCE));
        let times = u32::try_from(runs.div_ceil(least.max(1))).ok()?;
        (least > 0).then(|| self.time.checked_mul(times)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Found, Verdict};
    use crate::stress::examples::Examples;
    use crate::stress::expected::TestId;
    use crate::stress::options::tests::parse;
    use crate::stress::results::{Outcome, Results};

    /// Simulates rounds of one minute that run each of `tests` once. The first `failures` tests
    /// fail once.
    fn found(rounds: usize, tests: usize, failures: usize) -> Found {
        let target = tempfile::tempdir().unwrap();
        let mut examples = Examples::create(target.path()).unwrap();
        let mut found = Found::default();
        for round in 0..rounds {
            let result = |test| {
                if round == 0 && test < failures {
                    Outcome::failed("late", "")
                } else {
                    Outcome::Passed
                }
            };
            let test = |test: usize| TestId::new("binary", &test.to_string());
            let results: Results = (0..tests).map(|n| (test(n), result(n))).collect();
            found.records.add(results, &mut examples, "").unwrap();
            found.rounds += 1;
            found.time += Duration::from_secs(60);
        }
        found
    }

    #[test]
    fn enough_clean_runs_end_it() {
        let options = parse("--together --below 0.1%").unwrap();
        assert!(!found(0, 1, 0).is_enough(&options));
        assert!(!found(5, 598, 0).is_enough(&options));
        let enough = found(5, 599, 0);
        assert!(enough.is_enough(&options));
        assert_eq!(enough.verdict(&options), Verdict::Shown);
    }

    #[test]
    fn a_failure_needs_more_runs_and_fails_the_verdict() {
        let options = parse("--together --below 0.1%").unwrap();
        let one = found(5, 599, 1);
        assert!(!one.is_enough(&options));
        assert_eq!(one.verdict(&options), Verdict::Failed);
        let one = found(5, 1_000, 1);
        assert!(one.is_enough(&options), "{}", one.bound(&options));
        assert_eq!(one.verdict(&options), Verdict::Failed);
    }

    #[test]
    fn each_test_is_judged_by_its_own_runs() {
        let options = parse("--below 50%").unwrap();
        assert!(!found(4, 1_000, 0).is_enough(&options));
        assert!(found(5, 1_000, 0).is_enough(&options), "0.05 < 0.5^4");
        assert!(!found(5, 1_000, 1).is_enough(&options));
    }

    #[test]
    fn rounds_end_at_each_limit() {
        let options = parse("--rounds 3").unwrap();
        assert!(!found(2, 1, 0).is_enough(&options));
        assert!(found(3, 1, 0).is_enough(&options));
        assert_eq!(found(3, 1, 0).verdict(&options), Verdict::NotShown);
        let mut cut = found(2, 1, 0);
        cut.cut_off = Some("the time was up");
        assert!(cut.is_enough(&options));
    }

    #[test]
    fn the_time_for_each_test_follows_from_the_rate() {
        let minutes = found(2, 10, 0).time_for_each(0.001).unwrap().as_secs() / 60;
        assert_eq!(minutes, 2_996, "1,498 times two rounds");
        assert_eq!(found(0, 10, 0).time_for_each(0.001), None);
    }
}
