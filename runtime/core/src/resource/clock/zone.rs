//! The local time in a time zone, by the zone data of the machine.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use tz::datetime::FoundDateTimeKind::{self, Normal, Skipped};
use tz::{DateTime, TimeZone, UtcDateTime};

use super::written::Written;
use super::{failed, library, time};
use crate::error::{BoxError, Error};

/// When a clock begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Begin {
    At(SystemTime),
    In(LocalTime),
}

/// A local time as an attribute has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalTime {
    /// The seconds from 1970 to this time, both on the clocks of the zone, and the nanoseconds on top of them.
    pub(crate) since_1970: (i64, u64),
    pub(crate) zone: &'static str,
    /// The seconds that the zone is ahead of UTC, if they are written.
    pub(crate) offset: Option<i32>,
}

impl Begin {
    /// The point in time, by the zone data that a process with these variables has.
    pub(crate) fn resolve(&self, variables: &[(OsString, OsString)]) -> Result<SystemTime, Error> {
        match self {
            Begin::At(time) => Ok(*time),
            Begin::In(local) => {
                // A system that cannot set a clock may have no zone data either.
                library()?;
                let mut set = variables.iter().filter(|(name, _)| name == ZONE_DATA);
                let dir = set.next().map(|(_, dir)| dir.as_os_str());
                let dir = dir.filter(|dir| !dir.is_empty());
                let dir = dir.unwrap_or(OsStr::new("/usr/share/zoneinfo"));
                local
                    .resolve(dir.as_ref())
                    .map_err(|reason| failed().because(reason))
            }
        }
    }

    /// The zone of a local time.
    pub(crate) fn zone(&self) -> Option<&'static str> {
        match self {
            Begin::At(_) => None,
            Begin::In(local) => Some(local.zone),
        }
    }
}

/// The variable by which the C library finds its zone data.
const ZONE_DATA: &str = "TZDIR";

impl LocalTime {
    /// The point in time, by the zone data in a directory.
    pub(super) fn resolve(&self, dir: &Path) -> Result<SystemTime, BoxError> {
        let zone = self.read(dir)?;
        let found = self.find(&zone)?;
        let is_meant = |time: &&DateTime| self.offset.is_none_or(|offset| offset == ahead(time));
        let mut meant = found.iter().filter_map(exact).filter(is_meant);
        match (meant.next(), meant.next()) {
            (Some(only), None) => Ok(time((only.unix_time(), self.since_1970.1))),
            (Some(first), Some(second)) => Err(self.is_twice(first, second).into()),
            (None, _) => Err(self.is_never(&found).into()),
        }
    }

    fn read(&self, dir: &Path) -> Result<TimeZone, BoxError> {
        let (name, shown) = (self.zone, dir.display());
        if !dir.is_dir() {
            let with_offset = written(self.since_1970) + "+01:00";
            return Err(format!(
                "there is no zone data in `{shown}`; install it (`apt-get install tzdata`), or write an offset from UTC \
                 instead of the time zone, such as `{with_offset}`"
            ).into());
        }
        let path = dir.join(name);
        if !path.is_file() {
            return Err(format!(
                "there is no time zone `{name}` in `{shown}`; write a name that is there, such as `Europe/Berlin`"
            )
            .into());
        }
        let content = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let zone = TimeZone::from_tz_data(&content);
        Ok(zone.map_err(|error| format!("`{}` is no zone data: {error}", path.display()))?)
    }

    /// The points in time at which the clocks of the zone show this time, and the jumps over it.
    fn find(&self, zone: &TimeZone) -> Result<Vec<FoundDateTimeKind>, BoxError> {
        let (seconds, nanos) = self.since_1970;
        let local = UtcDateTime::from_timespec(seconds, nanos.try_into()?)?;
        let found = DateTime::find(
            local.year(),
            local.month(),
            local.month_day(),
            local.hour(),
            local.minute(),
            local.second(),
            local.nanoseconds(),
            zone.as_ref(),
        )?;
        Ok(found.into_inner())
    }

    fn is_twice(&self, first: &DateTime, second: &DateTime) -> String {
        let (first, second) = (self.with_offset_of(first), self.with_offset_of(second));
        format!(
            "`{}` is twice in `{}`; write `{first}` or `{second}`",
            written(self.since_1970),
            self.zone
        )
    }

    /// Why the time is none of those that were found.
    fn is_never(&self, found: &[FoundDateTimeKind]) -> String {
        let (local, zone) = (written(self.since_1970), self.zone);
        match (found.first(), self.offset) {
            (Some(Normal(other)), Some(offset)) => {
                let (offset, other) = (written_offset(offset), self.with_offset_of(other));
                format!("`{local}{offset}` is not the time in `{zone}`; write `{other}`")
            }
            (
                Some(Skipped {
                    before_transition,
                    after_transition,
                }),
                _,
            ) => {
                let (before, after) = (side(before_transition), side(after_transition));
                format!(
                    "there is no `{local}` in `{zone}`, whose clocks go from `{before}` to `{after}`; write a time \
                     before or after that"
                )
            }
            _ => format!(
                "the zone data of `{zone}` does not cover `{local}`; write an offset from UTC instead of the time zone"
            ),
        }
    }

    fn with_offset_of(&self, time: &DateTime) -> String {
        let (local, offset) = (written(self.since_1970), written_offset(ahead(time)));
        format!("{local}{offset}[{}]", self.zone)
    }
}

fn exact(kind: &FoundDateTimeKind) -> Option<&DateTime> {
    match kind {
        Normal(time) => Some(time),
        Skipped { .. } => None,
    }
}

/// The seconds that the zone is ahead of UTC.
fn ahead(time: &DateTime) -> i32 {
    time.local_time_type().ut_offset()
}

/// One side of a jump, with its offset.
fn side(time: &DateTime) -> String {
    let ahead = ahead(time);
    let local = written((time.unix_time() + i64::from(ahead), 0));
    local + &written_offset(ahead)
}

/// A local time without its zone.
fn written(since_1970: (i64, u64)) -> String {
    let written = Written(time(since_1970)).to_string();
    written.trim_end_matches('Z').to_owned()
}

fn written_offset(ahead: i32) -> String {
    let sign = if ahead < 0 { '-' } else { '+' };
    let (minutes, seconds) = (ahead.unsigned_abs() / 60, ahead.unsigned_abs() % 60);
    let offset = format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60);
    match seconds {
        0 => offset,
        _ => format!("{offset}:{seconds:02}"), // Before zones had whole minutes.
    }
}
