//! The accumulated results of each test.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use crate::statistics::{CONFIDENCE, upper_bound};
use crate::stress::examples::Examples;
use crate::stress::expected::TestId;
use crate::stress::results::{Outcome, Results};

/// The records of all tests.
#[derive(Debug, Default)]
pub(crate) struct Records(BTreeMap<TestId, Record>);

/// The runs and failures of one test.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) runs: u64,
    pub(crate) failures: u64,
    pub(crate) modes: BTreeMap<String, Mode>,
}

/// One mode of failure.
#[derive(Debug)]
pub(crate) struct Mode {
    pub(crate) count: u64,
    /// The file with the first occurrence.
    pub(crate) example: PathBuf,
}

impl Record {
    pub(crate) fn bound(&self) -> f64 {
        upper_bound(self.failures, self.runs, CONFIDENCE)
    }
}

impl Records {
    /// Empty records for all tests.
    pub(crate) fn new(tests: impl IntoIterator<Item = TestId>) -> Self {
        let tests = tests.into_iter();
        Self(tests.map(|test| (test, Record::default())).collect())
    }

    /// Adds the results of one run of the suite.
    pub(crate) fn add(
        &mut self,
        results: Results,
        examples: &mut Examples,
        origin: &str,
    ) -> io::Result<()> {
        for (test, outcome) in results {
            let record = self.0.entry(test.clone()).or_default();
            record.runs += 1;
            let Outcome::Failed(failure) = outcome else {
                continue;
            };
            record.failures += 1;
            if let Some(mode) = record.modes.get_mut(&failure.mode) {
                mode.count += 1;
            } else {
                let example = examples.keep(&test, &failure, origin)?;
                record
                    .modes
                    .insert(failure.mode, Mode { count: 1, example });
            }
        }
        Ok(())
    }

    /// All tests, without the entries for binaries and runners.
    pub(crate) fn by_test(&self) -> impl Iterator<Item = (&TestId, &Record)> {
        self.0.iter().filter(|(test, _)| !test.is_whole())
    }

    fn tests(&self) -> impl Iterator<Item = &Record> {
        self.by_test().map(|(_, record)| record)
    }

    /// Number of tests.
    pub(crate) fn count(&self) -> usize {
        self.tests().count()
    }

    /// Failures and runs of all tests together. The end of a binary or a runner counts only if it
    /// failed, then as one run and one failure.
    pub(crate) fn pooled(&self) -> (u64, u64) {
        let whole = self.0.iter().filter(|(test, _)| test.is_whole());
        let failures: u64 = whole.map(|(_, record)| record.failures).sum();
        self.tests()
            .fold((failures, failures), |(failures, runs), record| {
                (failures + record.failures, runs + record.runs)
            })
    }

    pub(crate) fn pooled_bound(&self) -> f64 {
        let (failures, runs) = self.pooled();
        upper_bound(failures, runs, CONFIDENCE)
    }

    /// Number of runs of the test that ran least often.
    pub(crate) fn least(&self) -> u64 {
        self.tests().map(|record| record.runs).min().unwrap_or(0)
    }

    /// The highest bound of any single test.
    pub(crate) fn worst_bound(&self) -> f64 {
        self.tests().map(Record::bound).fold(0.0, f64::max)
    }

    /// The tests that failed, with the most failures first.
    pub(crate) fn offenders(&self) -> Vec<(&TestId, &Record)> {
        let all = self.0.iter();
        let mut all: Vec<_> = all.filter(|(_, record)| record.failures > 0).collect();
        all.sort_by_key(|(_, record)| std::cmp::Reverse(record.failures));
        all
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Records;
    use crate::stress::examples::Examples;
    use crate::stress::expected::{Runner, TestId};
    use crate::stress::results::{Outcome, Results};

    fn results(outcomes: &[(TestId, Option<&str>)]) -> Results {
        let outcome = |mode: Option<&str>| match mode {
            None => Outcome::Passed,
            Some(mode) => Outcome::failed(mode, "all that was said"),
        };
        let outcomes = outcomes.iter();
        outcomes
            .map(|(test, mode)| (test.clone(), outcome(*mode)))
            .collect()
    }

    #[test]
    fn nothing_is_known_of_a_test_that_never_ran() {
        let records = Records::new(crate::stress::recorded::suite().of(Runner::Libtest));
        assert_eq!((records.count(), records.least()), (19, 0));
        assert!((records.worst_bound() - 1.0).abs() < 1e-9);
        assert_eq!(records.pooled(), (0, 0));
    }

    #[test]
    fn every_run_counts_and_every_mode_has_an_example() {
        let target = tempfile::tempdir().unwrap();
        let mut examples = Examples::create(target.path()).unwrap();
        let (a, b) = (TestId::new("x", "a"), TestId::new("x", "b"));
        let runner = TestId::whole("cargo test");
        let mut records = Records::default();
        for (first, second, whole) in [
            (None, None, None),
            (Some("late"), None, None),
            (Some("late"), Some("early"), Some("ended badly")),
            (Some("lost"), None, None),
        ] {
            let outcomes = [(&a, first), (&b, second), (&runner, whole)];
            let outcomes = outcomes.map(|(test, mode)| (test.clone(), mode));
            let results = results(&outcomes);
            records.add(results, &mut examples, "round 1").unwrap();
        }

        assert_eq!((records.count(), records.least()), (2, 4));
        assert_eq!(
            records.pooled(),
            (5, 9),
            "the bad end counts, the others do not"
        );
        let offenders = records.offenders();
        let names: Vec<_> = offenders.iter().map(|(test, _)| *test).collect();
        assert_eq!(names, [&a, &runner, &b]);
        let record = offenders[0].1;
        assert_eq!((record.runs, record.failures), (4, 3));
        assert!((records.worst_bound() - record.bound()).abs() < 1e-9);
        let modes = record.modes.iter();
        let modes: Vec<_> = modes.map(|(mode, found)| (&**mode, found.count)).collect();
        assert_eq!(modes, [("late", 2), ("lost", 1)]);
        let example = fs::read_to_string(&record.modes["late"].example).unwrap();
        assert_eq!(example, "x a\nlate\nround 1\n\nall that was said\n");
    }
}
