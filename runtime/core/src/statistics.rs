//! An upper bound of a failure rate, from the failures in a number of runs. Also for the tools of
//! this workspace, but not for users: it may change in any release.

/// The usual confidence: in at least 95 of 100 series of runs, the bound is not below the true rate.
pub const CONFIDENCE: f64 = 0.95;

/// The fraction by which a bound may be too high.
const PRECISION: f64 = 1e-9;

/// The upper bound of a failure rate: one-sided, by Clopper and Pearson.
///
/// At a higher rate, a series of `runs` runs would have `failures` or fewer failures with a
/// probability of less than `1 - confidence`. The runs are assumed to be independent and identically
/// distributed. The bound is 1 without any runs, because nothing is known then, and if every run
/// failed.
#[must_use]
pub fn upper_bound(failures: u64, runs: u64, confidence: f64) -> f64 {
    if failures >= runs {
        return 1.0;
    }
    let (mut low, mut high) = (real(failures) / real(runs), 1.0);
    while high - low > high * PRECISION {
        let middle = f64::midpoint(low, high);
        if probability_of_at_most(failures, runs, middle) > 1.0 - confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The probability of at most this many failures, if the rate is at least the measured one.
///
/// The terms of the binomial distribution may be too small for a floating-point number, so all are
/// relative to the one of `failures`, and their sum stands for 1. This needs no logarithms, for which
/// each test program would load the mathematical library.
fn probability_of_at_most(failures: u64, runs: u64, rate: f64) -> f64 {
    let odds = rate / (1.0 - rate);
    let fewer = (1..=failures).rev();
    let fewer = fewer.map(|k| real(k) / (real(runs - k + 1) * odds));
    let more = (failures..runs).map(|k| real(runs - k) / real(k + 1) * odds);
    let at_most = 1.0 + sum(fewer);
    at_most / (at_most + sum(more))
}

/// Adds terms, each given by its ratio to the one before; the first by its ratio to 1. The ratios
/// decrease. Stops when the sum is too large to be represented, or further terms do not change it.
fn sum(ratios: impl Iterator<Item = f64>) -> f64 {
    let (mut term, mut sum) = (1.0, 0.0);
    for ratio in ratios {
        term *= ratio;
        sum += term;
        if sum.is_infinite() || term < sum * f64::EPSILON {
            break;
        }
    }
    sum
}

/// A count as a real number.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "nobody runs a test more often than 2^53 times"
)]
pub fn real(count: u64) -> f64 {
    count as f64
}

/// Formats the upper bound in percent, rounded up to two significant digits: `0.11 %`.
pub(crate) fn at_most(failures: u64, runs: u64) -> String {
    let percent = upper_bound(failures, runs, CONFIDENCE) * 100.0;
    let (mut decimals, mut scale) = (0, 1.0);
    while percent * scale < 10.0 && decimals < 9 {
        decimals += 1;
        scale *= 10.0;
    }
    let rounded_up = (percent * scale * (1.0 - PRECISION)).ceil() / scale;
    let text = format!("{rounded_up:.decimals$}");
    let text = match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.'),
        None => &text,
    };
    format!("{text} %")
}

#[cfg(test)]
mod tests {
    use super::{CONFIDENCE, at_most, real, upper_bound};

    #[track_caller]
    fn assert_close(found: f64, expected: f64) {
        let difference = (found - expected).abs();
        assert!(
            difference <= expected * 1e-6,
            "found {found}, expected {expected}"
        );
    }

    #[test]
    fn known_values_are_met() {
        assert_close(upper_bound(0, 1, CONFIDENCE), 0.95);
        assert_close(upper_bound(0, 2_995, CONFIDENCE), 0.000_999_744_4);
        assert_close(upper_bound(1, 100, CONFIDENCE), 0.046_559_811_5);
        assert_close(upper_bound(5, 10, CONFIDENCE), 0.777_558_899_0);
        assert_close(upper_bound(0, 10, 0.975), 0.308_497_107_8);
        assert_close(upper_bound(5, 10, 0.975), 0.812_913_971_6);
        assert_close(upper_bound(9, 10, CONFIDENCE), 0.994_883_803_1);
        assert_close(upper_bound(3, 2_995, CONFIDENCE), 0.002_586_813_1);
        assert!(
            upper_bound(0, 2_994, CONFIDENCE) > 0.001,
            "one run fewer is not enough"
        );
        assert!(upper_bound(0, 2_995, CONFIDENCE) < 0.001);
    }

    #[test]
    fn without_runs_or_successes_nothing_is_ruled_out() {
        for (failures, runs) in [(0, 0), (1, 1), (7, 7), (8, 7)] {
            assert_close(upper_bound(failures, runs, CONFIDENCE), 1.0);
        }
    }

    #[test]
    fn more_failures_raise_the_bound_and_more_runs_lower_it() {
        for runs in [2, 10, 1_000, 10_000] {
            let mut before = 0.0;
            for failures in (0..=runs).step_by(usize::try_from(runs / 2).unwrap()) {
                let bound = upper_bound(failures, runs, CONFIDENCE);
                assert!(bound > before, "{failures} of {runs}: {bound}");
                assert!(bound >= real(failures) / real(runs));
                before = bound;
            }
        }
        for failures in [0, 1, 50] {
            let mut before = f64::INFINITY;
            for runs in [51, 100, 10_000, 10_000_000] {
                let bound = upper_bound(failures, runs, CONFIDENCE);
                assert!(bound < before, "{failures} of {runs}: {bound}");
                before = bound;
            }
        }
    }

    /// With this many runs the distribution is nearly normal.
    #[test]
    fn a_million_runs_are_no_trouble() {
        let runs = 1_000_000;
        for failures in [10_000, 100_000] {
            let rate = real(failures) / real(runs);
            let deviation = (rate * (1.0 - rate) / real(runs)).sqrt();
            let expected = rate + 1.644_853_627 * deviation;
            let found = upper_bound(failures, runs, CONFIDENCE);
            assert!(
                (found - expected).abs() < deviation * 2e-2,
                "found {found}, expected {expected}"
            );
        }
        assert_close(upper_bound(0, 10 * runs, CONFIDENCE), 2.995_731_825e-7);
        assert_close(upper_bound(1, 10 * runs, CONFIDENCE), 4.743_863_8e-7);
    }

    #[test]
    fn a_rate_is_rounded_up_to_two_digits() {
        for (failures, runs, text) in [
            (0, 2_995, "0.1 %"),
            (0, 2_994, "0.11 %"),
            (0, 299, "1 %"),
            (0, 298, "1.1 %"),
            (0, 100, "3 %"),
            (0, 27, "11 %"),
            (0, 14, "20 %"),
            (1, 100, "4.7 %"),
            (0, 1, "95 %"),
            (1, 1, "100 %"),
            (0, 1_000_000, "0.0003 %"),
        ] {
            assert_eq!(at_most(failures, runs), text, "{failures} of {runs}");
        }
    }
}
