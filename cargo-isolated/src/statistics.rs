//! What counts of failures show about failure rates: the bounds of Clopper and Pearson.

/// The usual confidence.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// The one-sided upper bound of a failure rate.
///
/// If the rate was higher, so few failures would come about with a probability of less than
/// `1 - confidence`.
pub(crate) fn upper_bound(failures: u64, runs: u64, confidence: f64) -> f64 {
    if failures >= runs {
        return 1.0;
    }
    if failures == 0 {
        return -((1.0 - confidence).ln() / real(runs)).exp_m1();
    }
    let (mut low, mut high) = (real(failures) / real(runs), 1.0);
    while high - low > high * 1e-9 {
        let middle = f64::midpoint(low, high);
        if probability_of_at_most(failures, runs, middle) > 1.0 - confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

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

/// Number of runs without a failure that show a lower rate than `rate`.
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

/// The probability of at most this many failures: the sum of the binomial distribution.
fn probability_of_at_most(failures: u64, runs: u64, rate: f64) -> f64 {
    // The terms of many runs are too small to be multiplied, so their logarithms are added.
    let ln_odds = rate.ln() - (-rate).ln_1p();
    let (mut ln_term, mut sum) = (real(runs) * (-rate).ln_1p(), 0.0);
    for k in 0..=failures {
        sum += ln_term.exp();
        ln_term += (real(runs - k) / real(k + 1)).ln() + ln_odds;
    }
    sum
}

/// A count as a real number.
#[expect(
    clippy::cast_precision_loss,
    reason = "nobody runs a test more often than 2^53 times"
)]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
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
