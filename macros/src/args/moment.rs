//! Reads a time such as `"2026-02-28T23:59:59Z"`, `"2026-02-28T23:59:59.5+01:00"`, `"2026-02-28"` or
//! `"2026-02-28T23:59:59[Europe/Berlin]"`.

use super::zone::{self, Zone};

/// A point in time: the seconds since 1970, rounded down, and the nanoseconds on top of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) seconds: i64,
    pub(crate) nanos: u64,
    /// The zone in which this is the local time; without one, it is UTC.
    pub(crate) zone: Option<Zone>,
}

/// The time that a text means, or what is wrong with it and the way out.
pub(crate) fn moment(text: &str) -> Result<Moment, String> {
    let text = text.trim();
    let (rest, zone) = zone::split(text)?;
    let mut rest = Rest(rest);
    let zone = |offset| {
        zone.map(|name| Zone {
            name: name.to_owned(),
            offset,
        })
    };
    let (year, month, day) = rest.date().ok_or_else(|| no_time(text))?;
    if !(1..=12).contains(&month) {
        return Err(format!(
            "there is no month {month}; write one from 01 to 12"
        ));
    }
    let days = days_of(year, month);
    if !(1..=days).contains(&day) {
        return Err(format!(
            "there is no day {day} in month {month} of {year}; write one from 01 to {days}"
        ));
    }
    let midnight = days_before(year, month, day) * 24 * 60 * 60;
    if rest.0.is_empty() {
        return Ok(Moment {
            seconds: midnight,
            nanos: 0,
            zone: zone(None),
        });
    }
    let (hour, minute, second) = rest.time().ok_or_else(|| no_time(text))?;
    if hour > 23 || minute > 59 || second > 59 {
        let leap = if second == 60 {
            ", and computers have no leap seconds"
        } else {
            ""
        };
        return Err(format!(
            "the last time of a day is 23:59:59, found {hour:02}:{minute:02}:{second:02}{leap}"
        ));
    }
    let nanos = rest.nanos().ok_or_else(|| no_time(text))?;
    let local = midnight + hour * 60 * 60 + minute * 60 + second;
    let written = rest.0;
    let offset = rest.offset().filter(|_| rest.0.is_empty());
    let offset = offset.map(|minutes| minutes * 60);
    if let Some(zone) = zone(offset) {
        let seconds = local;
        return match written {
            "Z" | "z" => Err(utc_elsewhere(text, &zone.name)),
            _ if offset.is_some() || written.is_empty() => Ok(Moment {
                seconds,
                nanos,
                zone: Some(zone),
            }),
            _ => Err(no_offset(written)),
        };
    }
    let seconds = local - offset.ok_or_else(|| no_zone(text, written))?;
    Ok(Moment {
        seconds,
        nanos,
        zone: None,
    })
}

fn no_time(text: &str) -> String {
    format!("expected a time, found `{text}`; write `\"2026-02-28T23:59:59Z\"` or `\"2026-02-28\"`")
}

fn no_zone(text: &str, written: &str) -> String {
    if written.is_empty() {
        return format!(
            "expected an offset from UTC or a time zone behind `{text}`; write `\"{text}Z\"`, `\"{text}+01:00\"` or \
             `\"{text}[Europe/Berlin]\"`"
        );
    }
    no_offset(written)
}

fn no_offset(written: &str) -> String {
    format!(
        "expected an offset from UTC, found `{written}`; write `Z`, `+01:00`, or a time zone in brackets: `[Europe/Berlin]`"
    )
}

fn utc_elsewhere(text: &str, zone: &str) -> String {
    format!(
        "`{text}` is a time in UTC and in a time zone; leave out `Z` for the time in `{zone}`, or write `[{zone}]` as \
         `env(TZ = \"{zone}\")`"
    )
}

/// The rest of the text.
struct Rest<'t>(&'t str);

impl Rest<'_> {
    fn date(&mut self) -> Option<(i64, i64, i64)> {
        let year = self.digits(4)?;
        let month = self.after("-")?.digits(2)?;
        let day = self.after("-")?.digits(2)?;
        Some((year, month, day))
    }

    fn time(&mut self) -> Option<(i64, i64, i64)> {
        let separator = ["T", "t", " "]
            .into_iter()
            .find(|one| self.0.starts_with(one))?;
        let hour = self.after(separator)?.digits(2)?;
        let minute = self.after(":")?.digits(2)?;
        let second = self.after(":")?.digits(2)?;
        Some((hour, minute, second))
    }

    /// The decimals of the second, at most nine.
    fn nanos(&mut self) -> Option<u64> {
        if self.after(".").is_none() {
            return Some(0);
        }
        let is_digit = |letter: char| letter.is_ascii_digit();
        let end = self
            .0
            .find(|letter| !is_digit(letter))
            .unwrap_or(self.0.len());
        let (decimals, rest) = self.0.split_at(end);
        self.0 = rest;
        if !(1..=9).contains(&decimals.len()) {
            return None;
        }
        format!("{decimals:0<9}").parse().ok()
    }

    /// The offset from UTC in minutes.
    fn offset(&mut self) -> Option<i64> {
        if self.after("Z").is_some() || self.after("z").is_some() {
            return Some(0);
        }
        let sign = if self.after("-").is_some() {
            -1
        } else {
            self.after("+")?;
            1
        };
        let hours = self.digits(2).filter(|hours| *hours < 24)?;
        let minutes = self.after(":")?.digits(2).filter(|minutes| *minutes < 60)?;
        Some(sign * (hours * 60 + minutes))
    }

    fn after(&mut self, text: &str) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(text)?;
        Some(self)
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let digits = self.0.get(..count)?;
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        self.0 = &self.0[count..];
        digits.parse().ok()
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days from 1970-01-01 to this date; negative before it.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    /// The days from 0000-01-01 to 1970-01-01.
    const EPOCH: i64 = 719_528;

    // The year 0 was a leap year.
    let leap_days = if year == 0 {
        0
    } else {
        let last = year - 1;
        last / 4 - last / 100 + last / 400 + 1
    };
    let months: i64 = (1..month).map(|month| days_of(year, month)).sum();
    year * 365 + leap_days + months + day - 1 - EPOCH
}
