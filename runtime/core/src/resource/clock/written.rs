//! A time in the form of RFC 3339, in UTC.

use std::fmt;
use std::time::SystemTime;

use super::since_1970;

/// A time, written as `2026-02-28T23:59:59.5Z`.
pub(super) struct Written(pub(super) SystemTime);

const DAY: i64 = 24 * 60 * 60;

impl fmt::Display for Written {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = since_1970(self.0);
        let (year, month, day) = date(seconds.div_euclid(DAY));
        let time = seconds.rem_euclid(DAY);
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if nanos > 0 {
            let digits = format!("{nanos:09}");
            write!(formatter, ".{}", digits.trim_end_matches('0'))?;
        }
        formatter.write_str("Z")
    }
}

/// The year, month and day so many days after 1970 began.
fn date(days: i64) -> (i64, i64, i64) {
    /// The days of 400 years, after which the calendar repeats itself.
    const CYCLE: i64 = 146_097;

    // Years that begin in March have their additional day at the end. The first of March in the year
    // 0 was 719,468 days before 1970.
    let days = days + 719_468;
    let (cycle, day) = (days.div_euclid(CYCLE), days.rem_euclid(CYCLE));
    let year = (day - day / 1460 + day / 36_524 - day / (CYCLE - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, five months in turn have 153 days.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, is_next_year) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (cycle * 400 + year + is_next_year, month, day)
}
