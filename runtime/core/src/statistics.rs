//! An upper bound of a failure rate, from the failures in a number of runs.

/// The confidence of the bound: in at least 95 of 100 series of runs it is not below the true rate.
const CONFIDENCE: f64 = 0.95;

/// Returns the upper bound of a failure rate: one-sided, at 95 %, by Clopper and Pearson.
///
/// At this rate, only one of twenty series of `runs` runs would have `failures` or fewer failures.
/// The runs are assumed to be independent and identically distributed. The bound is 1 without any
/// runs, because nothing is known then, and if every run failed.
#[must_use]
pub fn upper_bound(failures: u64, runs: u64) -> f64 {
    if failures >= runs {
        return 1.0;
    }
    let (failures, runs) = (real(failures), real(runs));
    if failures == 0.0 {
        return -((1.0 - CONFIDENCE).ln() / runs).exp_m1();
    }
    let beta = Beta::new(failures + 1.0, runs - failures);
    let (mut low, mut high) = (failures / runs, 1.0);
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high || high - low <= high * 1e-12 {
            return high;
        }
        // `P(X > failures)` rises with the rate.
        if beta.below(middle) < CONFIDENCE {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nobody runs a test more often than 2^53 times"
)]
fn real(count: u64) -> f64 {
    count as f64
}

/// The regularised incomplete beta function, with its parameters.
///
/// The binomial distribution is `P(X >= k) = I_p(k, n - k + 1)`.
struct Beta {
    a: f64,
    b: f64,
    /// The logarithm of the complete beta function.
    ln_complete: f64,
}

impl Beta {
    fn new(a: f64, b: f64) -> Self {
        Self {
            a,
            b,
            ln_complete: ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b),
        }
    }

    /// `I_x(a, b)`.
    fn below(&self, x: f64) -> f64 {
        let Self { a, b, ln_complete } = *self;
        let factor = (a * x.ln() + b * (-x).ln_1p() - ln_complete).exp();
        // The fraction converges fast below the mean; above it, the function is mirrored.
        if x < (a + 1.0) / (a + b + 2.0) {
            factor * fraction(a, b, x) / a
        } else {
            1.0 - factor * fraction(b, a, 1.0 - x) / b
        }
    }
}

/// The continued fraction of the incomplete beta function, by Lentz's method.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    /// Replaces zero in denominators.
    const TINY: f64 = 1e-300;
    /// Far more than the square root of the number of runs that fit into a day.
    const STEPS: u32 = 100_000;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };

    let mut above = 1.0;
    let mut below = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut result = below;
    for step in 1..STEPS {
        let step = f64::from(step);
        let twice = a + 2.0 * step;
        let even = step * (b - step) * x / ((twice - 1.0) * twice);
        let odd = -(a + step) * (a + b + step) * x / (twice * (twice + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            below = 1.0 / away(1.0 + term * below);
            above = away(1.0 + term / above);
            change = above * below;
            result *= change;
        }
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    result
}

/// The logarithm of the gamma function for `x >= 1`, by Stirling's series.
fn ln_gamma(x: f64) -> f64 {
    // The series is exact enough from 10 on; `gamma(x) = gamma(x + 1) / x` leads there.
    let (mut x, mut product) = (x, 1.0);
    while x < 10.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
    ];
    let correction = series
        .iter()
        .rev()
        .fold(0.0, |sum, term| sum * square + term);
    let half_ln_tau = 0.5 * std::f64::consts::TAU.ln();
    (x - 0.5) * x.ln() - x + half_ln_tau + correction * inverse - f64::ln(product)
}

/// Formats the upper bound in percent, rounded up to two significant digits: `0.11 %`.
pub(crate) fn at_most(failures: u64, runs: u64) -> String {
    let percent = upper_bound(failures, runs) * 100.0;
    let (mut decimals, mut scale) = (0, 1.0);
    while percent * scale < 10.0 && decimals < 9 {
        decimals += 1;
        scale *= 10.0;
    }
    let text = format!("{:.decimals$}", (percent * scale).ceil() / scale);
    let text = match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.'),
        None => &text,
    };
    format!("{text} %")
}

#[cfg(test)]
mod tests {
    use super::{at_most, ln_gamma, real, upper_bound};

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
        assert_close(upper_bound(0, 1), 0.95);
        assert_close(upper_bound(0, 2_995), 0.000_999_744_4);
        assert_close(upper_bound(1, 100), 0.046_559_811_5);
        assert_close(upper_bound(5, 10), 0.777_558_899_0);
        assert_close(upper_bound(9, 10), 0.994_883_803_1);
        assert_close(upper_bound(3, 2_995), 0.002_586_813_1);
        assert!(upper_bound(0, 2_994) > 0.001, "one run fewer is not enough");
        assert!(upper_bound(0, 2_995) < 0.001);
    }

    /// Sums up the distribution term by term: one twentieth is left at the bound.
    #[test]
    fn the_binomial_distribution_has_one_twentieth_below_the_bound() {
        for (failures, runs) in [(1, 3), (2, 40), (17, 60), (59, 60), (300, 1_000)] {
            let rate = upper_bound(failures, runs);
            let (mut term, mut sum) = (real(runs) * (-rate).ln_1p(), 0.0);
            for k in 0..=failures {
                sum += term.exp();
                let odds = rate / (1.0 - rate);
                term += (real(runs - k) / real(k + 1) * odds).ln();
            }
            assert_close(sum, 0.05);
        }
    }

    #[test]
    fn without_runs_or_successes_nothing_is_ruled_out() {
        for (failures, runs) in [(0, 0), (1, 1), (7, 7), (8, 7)] {
            assert_close(upper_bound(failures, runs), 1.0);
        }
    }

    #[test]
    fn more_failures_raise_the_bound_and_more_runs_lower_it() {
        for runs in [2, 10, 1_000, 1_000_000] {
            let mut before = 0.0;
            for failures in (0..=runs).step_by(usize::try_from(runs / 2).unwrap()) {
                let bound = upper_bound(failures, runs);
                assert!(bound > before, "{failures} of {runs}: {bound}");
                assert!(bound >= real(failures) / real(runs));
                before = bound;
            }
        }
        for failures in [0, 1, 50] {
            let mut before = f64::INFINITY;
            for runs in [51, 100, 10_000, 10_000_000] {
                let bound = upper_bound(failures, runs);
                assert!(bound < before, "{failures} of {runs}: {bound}");
                before = bound;
            }
        }
    }

    /// With this many runs the distribution is nearly normal.
    #[test]
    fn ten_million_runs_are_no_trouble() {
        let runs = 10_000_000;
        for failures in [1_000_000, 5_000_000, 9_000_000] {
            let rate = real(failures) / real(runs);
            let deviation = (rate * (1.0 - rate) / real(runs)).sqrt();
            let expected = rate + 1.644_853_627 * deviation;
            let found = upper_bound(failures, runs);
            assert!(
                (found - expected).abs() < deviation * 1e-2,
                "found {found}, expected {expected}"
            );
        }
        assert_close(upper_bound(0, runs), 2.995_731_825e-7);
        assert_close(upper_bound(1, runs), 4.743_863_8e-7);
    }

    #[test]
    fn the_gamma_function_is_the_factorial() {
        let mut factorial = 0.0;
        for n in 1..100_u32 {
            factorial += f64::from(n).ln();
            let found = ln_gamma(f64::from(n) + 1.0);
            assert!(
                (found - factorial).abs() < 1e-11 * factorial.max(1.0),
                "{n}"
            );
        }
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
