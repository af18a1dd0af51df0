//! Bounds of failure rates by Clopper and Pearson, and the number of clean runs that shows a bound.

pub(crate) use isolated_test_core::statistics::{CONFIDENCE, real, upper_bound};

/// The one-sided lower bound of a failure rate.
pub(crate) fn lower_bound(failures: u64, runs: u64, confidence: f64) -> f64 {
    1.0 - upper_bound(runs.saturating_sub(failures), runs, confidence)
}

/// The two-sided interval, with half of the error on either side.
pub(crate) fn interval(failures: u64, runs: u64) -> [f64; 2] {
    let confidence = f64::midpoint(1.0, CONFIDENCE);
    [
        lower_bound(failures, runs, confidence),
        upper_bound(failures, runs, confidence),
    ]
}

/// The number of clean runs after which the rate is shown to be below `rate`.
pub(crate) fn clean_runs(rate: f64, confidence: f64) -> u64 {
    let mut high = 1;
    while upper_bound(0, high, confidence) >= rate && high < 1 << 50 {
        high *= 2;
    }
    let mut low = high / 2;
    while low + 1 < high {
        let middle = low.midpoint(high);
        if upper_bound(0, middle, confidence) >= rate {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::{clean_runs, interval, lower_bound, upper_bound};

    #[track_caller]
    fn assert_close(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-8,
            "found {found}, expected {expected}"
        );
    }

    /// The values of `scipy.stats.beta.ppf`.
    #[test]
    fn bounds_are_those_of_clopper_and_pearson() {
        assert_close(upper_bound(0, 1, 0.95), 0.95);
        assert_close(upper_bound(0, 2_995, 0.95), 0.000_999_744_4);
        assert_close(upper_bound(1, 100, 0.95), 0.046_559_811_5);
        assert_close(upper_bound(5, 10, 0.95), 0.777_558_899_0);
        assert_close(upper_bound(3, 2_995, 0.95), 0.002_586_813_1);
        assert_close(lower_bound(5, 5, 0.95), 0.549_280_271_6);
        assert_close(lower_bound(5, 10, 0.95), 1.0 - 0.777_558_899_0);
        assert_close(interval(5, 10)[0], 0.187_086_028_4);
        assert_close(interval(5, 10)[1], 0.812_913_971_6);
        assert_close(interval(0, 10)[1], 0.308_497_107_8);
    }

    #[test]
    fn nothing_is_known_without_runs() {
        assert_close(upper_bound(0, 0, 0.95), 1.0);
        assert_close(lower_bound(0, 0, 0.95), 0.0);
        assert_close(lower_bound(0, 10, 0.95), 0.0);
        assert_close(interval(7, 7)[1], 1.0);
    }

    #[test]
    fn clean_runs_are_as_few_as_possible() {
        assert_eq!(clean_runs(0.001, 0.95), 2_995);
        assert_eq!(clean_runs(0.01, 0.95), 299);
        assert_eq!(clean_runs(0.96, 0.95), 1);
        assert_eq!(clean_runs(0.5, 0.99), 7);
    }
}
