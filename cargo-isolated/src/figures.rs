//! Counts, rates, sizes and times as people write them.

use std::time::Duration;

/// Formats a count: `1 test`, `2 tests`.
pub(crate) fn count(count: impl ToString + Copy, what: &str) -> String {
    plural(count, what, &format!("{what}s"))
}

/// Formats a count of something with another plural: `1 process`, `2 processes`.
pub(crate) fn plural(count: impl ToString + Copy, one: &str, many: &str) -> String {
    let count = number(count);
    let what = if count == "1" { one } else { many };
    format!("{count} {what}")
}

/// Formats a number with thousands separators.
pub(crate) fn number(count: impl ToString + Copy) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a rate as a percentage with three significant digits, rounded up so that `below` stays
/// true.
pub(crate) fn percent(rate: f64) -> String {
    let percent = rate * 100.0;
    let mut digits = 0;
    while digits < 8 && percent * 10_f64.powi(digits) < 100.0 && percent > 0.0 {
        digits += 1;
    }
    let scale = 10_f64.powi(digits);
    // The offset keeps a round number round despite its binary representation.
    let percent = (percent * scale - 1e-6).ceil().max(0.0) / scale;
    let text = format!("{percent:.*}", usize::try_from(digits).unwrap_or(0));
    let short = text.trim_end_matches('0').trim_end_matches('.');
    format!("{} %", if text.contains('.') { short } else { &text })
}

/// Formats an interval of rates: `12–45 %`.
pub(crate) fn range([low, high]: [f64; 2]) -> String {
    // The lower bound is rounded down.
    let low = (low * 1_000.0 + 1e-6).floor() / 10.0;
    let low = if low < 10.0 { low } else { low.floor() };
    let high = high * 100.0;
    let high = if high < 9.95 {
        (high * 10.0 - 1e-6).ceil() / 10.0
    } else {
        (high - 1e-6).ceil()
    };
    format!("{low}–{high} %")
}

/// Formats a time, rounded up: `90 s`, `3 min`, `2 h`.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", number(seconds.div_ceil(3_600))),
    }
}

/// Formats a size: `12 B`, `1.5 KiB`, `20 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut whole = bytes;
    let mut tenths = 0;
    while whole >= 1024 && unit + 1 < UNITS.len() {
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        unit += 1;
    }
    if unit == 0 || whole >= 10 {
        format!("{whole} {}", UNITS[unit])
    } else {
        format!("{whole}.{tenths} {}", UNITS[unit])
    }
}

/// Formats how long ago something was, or how long it has lasted, rounded down: `12 s`, `5 min`,
/// `3 h`, `4 d`.
pub(crate) fn age(age: Duration) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let seconds = age.as_secs();
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ => format!("{} d", seconds / DAY),
    }
}

/// Parses a time: `90s`, `10m`, `2h`.
pub(crate) fn parse_time(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.trim_end_matches(char::is_alphabetic).len());
    let unit = match unit {
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => return Err("expected a time such as `90s`, `10m` or `2h`".to_owned()),
    };
    let number: f64 = number.trim().parse().unwrap_or(f64::NAN);
    if !(0.001..=1e6).contains(&number) {
        return Err("expected a time such as `90s`, `10m` or `2h`".to_owned());
    }
    Ok(Duration::from_secs_f64(number * unit))
}

/// Parses a rate: `1%`, `0.1 %`.
pub(crate) fn parse_rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or("").trim_end();
    let percent: f64 = number.parse().unwrap_or(f64::NAN);
    if (0.000_1..100.0).contains(&percent) {
        Ok(percent / 100.0)
    } else {
        Err("expected a percentage below 100 such as `1%`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{age, count, number, parse_rate, parse_time, percent, plural, range, size, time};

    #[test]
    fn figures_are_rounded_up() {
        assert_eq!(percent(0.001), "0.1 %");
        assert_eq!(percent(0.000_999_7), "0.1 %");
        assert_eq!(percent(0.000_801_1), "0.0802 %");
        assert_eq!(percent(0.5), "50 %");
        assert_eq!(percent(0.999_999), "100 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(number(12), "12");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(count(1, "run"), "1 run");
        assert_eq!(count(1_000, "run"), "1,000 runs");
        assert_eq!(time(Duration::from_secs(119)), "119 s");
        assert_eq!(time(Duration::from_secs(121)), "3 min");
        assert_eq!(time(Duration::from_secs(5_000_000)), "1,389 h");
    }

    #[test]
    fn a_range_contains_what_it_stands_for() {
        assert_eq!(range([0.187_08, 0.812_91]), "18–82 %");
        assert_eq!(range([0.001_29, 0.051_23]), "0.1–5.2 %");
        assert_eq!(range([0.0, 1.0]), "0–100 %");
        assert_eq!(range([0.1, 0.2]), "10–20 %");
    }

    #[test]
    fn times_and_rates_have_units() {
        assert_eq!(parse_time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_time("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_time("2 h"), Ok(Duration::from_secs(7_200)));
        for wrong in ["", "10", "m", "-1s", "nans", "0s", "10d"] {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_rate("1%"), Ok(0.01));
        assert_eq!(parse_rate("50 %"), Ok(0.5));
        for wrong in ["", "1", "%", "0%", "100%", "NaN%"] {
            assert!(parse_rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn counts_have_the_right_noun() {
        assert_eq!(count(0, "test"), "0 tests");
        assert_eq!(plural(1, "process", "processes"), "1 process");
        assert_eq!(plural(2, "process", "processes"), "2 processes");
    }

    #[test]
    fn sizes_have_two_digits_at_least() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (10 * 1024, "10 KiB"),
            (5 << 40, "5.0 TiB"),
            (5 << 50, "5120 TiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn ages_have_one_unit() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (3600, "1 h"),
            (86_400, "1 d"),
        ] {
            assert_eq!(age(Duration::from_secs(seconds)), text);
        }
    }
}
