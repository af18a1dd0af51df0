//! A time in the form of RFC 3339, in UTC.

use std::fmt;
use std::time::SystemTime;

use tz::UtcDateTime;

use super::since_1970;

/// A time, written as `2026-02-28T23:59:59.5Z`.
pub(super) struct Written(pub(super) SystemTime);

impl fmt::Display for Written {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = since_1970(self.0);
        let Ok(time) = UtcDateTime::from_timespec(seconds, 0) else {
            // It has no date in the calendar of this library, which ends in two billion years.
            return write!(formatter, "{seconds} s after 1970");
        };
        write!(
            formatter,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            time.year(),
            time.month(),
            time.month_day(),
            time.hour(),
            time.minute(),
            time.second()
        )?;
        if nanos > 0 {
            let digits = format!("{nanos:09}");
            write!(formatter, ".{}", digits.trim_end_matches('0'))?;
        }
        formatter.write_str("Z")
    }
}
