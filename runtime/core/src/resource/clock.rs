//! The clock of a test: what its process and the programs that it starts see as the time of day.
//!
//! The parent sets it in a file that all these processes map into memory, and lets them load a library
//! that reads it. `isolated-test-clock` has both; its design is in `docs/design.md`.

mod written;
mod zone;

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use isolated_test_clock::{LIBRARY, Setting};

use self::written::Written;
pub(crate) use self::zone::{Begin, LocalTime};
use super::context::TestHandle;
use super::tmpdir::TmpDir;
use crate::config::{CLOCK, CLOCK_LIBRARY, Keep};
use crate::error::{Error, ErrorKind};
use crate::os::clock::{self, SharedClock, monotonic};

/// The clock that an attribute asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClockRequest {
    pub(crate) at: SystemTime,
    /// How many seconds pass in one.
    pub(crate) speed: f64,
}

/// The clock of a test with `clock`: the time of day for its process and the programs that it starts.
///
/// [`TestHandle::clock`](crate::TestHandle::clock) returns it, in any thread and also in the parent of
/// the process. All processes of the test see a change at once. The monotonic clock and waits are not
/// affected: see [the guide](https://github.com/isolated-test/isolated-test/blob/main/docs/guide/clock.md).
///
/// # When the process dies
///
/// Other processes of the test keep the clock. A process that is killed while it sets the clock has set
/// it or has not.
///
/// # Examples
///
/// ```rust,test_harness
/// use isolated_test::{current, isolated};
/// use std::time::{Duration, SystemTime};
///
/// #[isolated(clock(at = "2026-02-28T23:59:59Z", frozen))]
/// #[test]
/// fn sees_the_next_month() {
///     let before = SystemTime::now();
///     current().clock().advance(Duration::from_secs(1));
///     assert_eq!(SystemTime::now(), before + Duration::from_secs(1));
/// }
/// ```
#[derive(Clone)]
pub struct Clock {
    shared: Arc<SharedClock>,
    asked: ClockRequest,
}

/// The clock of a test in the parent of its process, with the directory of the files that the
/// processes of the test need.
pub(crate) struct Started {
    pub(crate) clock: Clock,
    dir: TmpDir,
}

impl Started {
    /// Makes the clock of a test that is about to begin. It stands still until the test has begun.
    pub(crate) fn new(test: &str, asked: ClockRequest) -> Result<Self, Error> {
        let library = library()?;
        let nothing: [&Path; 0] = [];
        let dir = TmpDir::create(test, &nothing, Some(Keep::Never))?;
        if dir.to_str().is_none_or(|path| path.contains([':', ' '])) {
            let reason = format!(
                "`LD_PRELOAD` cannot contain `{}`; set `ISOLATED_DIR` to a path without spaces and colons",
                dir.display()
            );
            return Err(failed().because(reason));
        }
        let (seconds, nanos) = since_1970(asked.at);
        let setting = Setting {
            seconds,
            nanos,
            since: monotonic(),
            speed: 0.0,
        };
        let made = fs::write(dir.join(CLOCK_LIBRARY), library)
            .and_then(|()| SharedClock::create(&dir.join(SETTING_NAME), &setting));
        let shared = Arc::new(made.map_err(|error| failed().because(error))?);
        let clock = Clock { shared, asked };
        Ok(Started { clock, dir })
    }

    /// The file in which the clock is set.
    pub(crate) fn setting(&self) -> PathBuf {
        self.dir.join(SETTING_NAME)
    }

    /// The library that reads it.
    pub(crate) fn preloaded(&self) -> PathBuf {
        self.dir.join(CLOCK_LIBRARY)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // The sweep removes what cannot be removed now.
        let _ = self.dir.close();
    }
}

const SETTING_NAME: &str = "setting";

impl TestHandle {
    /// Returns the clock of the test.
    ///
    /// The parent of the test's process has it too, once it has evaluated the attribute: so not while it
    /// provisions resources, but while it releases them.
    ///
    /// # Panics
    ///
    /// Panics if the attribute has no `clock`, if the test runs in place, because `ISOLATED_PROCESS` is
    /// `off`, and in the parent before the clock exists.
    #[must_use]
    #[track_caller]
    pub fn clock(&self) -> Clock {
        self.clock_if_any().cloned().unwrap_or_else(|| {
            panic!(
                "{} has no clock of its own; write `#[isolated(clock = \"2026-02-28T23:59:59Z\")]`, and leave \
                 `ISOLATED_PROCESS` on; a resource that the parent provisions cannot use it before the test begins",
                self.name()
            )
        })
    }
}

impl Clock {
    /// The clock that the parent of this process has made for its test. Starts it.
    pub(crate) fn begin(speed: f64) -> Result<Self, Error> {
        if !clock::is_clock_replaced() {
            let reason = "this program reads the time without the C library, as one that is linked \
                          statically does, or it could not load a library; link it dynamically, and \
                          do not replace `LD_PRELOAD`";
            return Err(failed().because(reason));
        }
        let setting = env::var_os(CLOCK).unwrap_or_default();
        let shared =
            SharedClock::open(setting.as_ref()).map_err(|error| failed().because(error))?;
        let shared = Arc::new(shared);
        let at = time(shared.setting().at(monotonic()));
        let asked = ClockRequest { at, speed };
        let clock = Clock { shared, asked };
        clock.change(|now| Setting { speed, ..now });
        Ok(clock)
    }

    /// Returns the time on this clock.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        time(self.shared.setting().at(monotonic()))
    }

    /// Sets the clock, forwards or backwards. It goes on at the same speed.
    ///
    /// # Panics
    ///
    /// Panics if the disk with the state directory is full.
    pub fn set(&self, to: impl Into<SystemTime>) {
        let (seconds, nanos) = since_1970(to.into());
        self.change(|now| Setting {
            seconds,
            nanos,
            ..now
        });
    }

    /// Sets the clock forwards.
    ///
    /// # Panics
    ///
    /// As for [`set`](Clock::set).
    pub fn advance(&self, by: Duration) {
        self.change(|now| {
            let nanos = now.nanos + u64::from(by.subsec_nanos());
            let seconds = by.as_secs().saturating_add(nanos / NANOS);
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
            Setting {
                seconds: now.seconds.saturating_add(seconds),
                nanos: nanos % NANOS,
                ..now
            }
        });
    }

    /// Changes the clock, given how it is set now.
    fn change(&self, change: impl FnOnce(Setting) -> Setting) {
        let changed = self.shared.change(|setting| {
            let since = monotonic();
            let (seconds, nanos) = setting.at(since);
            change(Setting {
                seconds,
                nanos,
                since,
                ..setting
            })
        });
        changed.unwrap_or_else(|error| panic!("{}: {error}", failed()));
    }
}

impl fmt::Display for Clock {
    /// Writes how the clock began and what it shows.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ClockRequest { at, speed } = self.asked;
        let (began, now) = (Written(at), self.now());
        if now == at {
            write!(formatter, "{began}")?;
        } else {
            write!(formatter, "{began} at the beginning, {} now", Written(now))?;
        }
        match speed {
            0.0 => formatter.write_str(" (frozen)"),
            1.0 => formatter.write_str(" (running)"),
            _ => write!(formatter, " (speed {speed})"),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Clock").field(&self.now()).finish()
    }
}

/// The nanoseconds of a second.
const NANOS: u64 = 1_000_000_000;

/// The content of the library.
fn library() -> Result<&'static [u8], Error> {
    LIBRARY.map_err(|reason| {
        let way_out = "write `#[cfg_attr(target_os = \"linux\", isolated(clock = ...))]`";
        failed().because(format!("{reason}; {way_out}"))
    })
}

fn failed() -> Error {
    Error::new(ErrorKind::Process, "set the clock of the test")
}

/// The whole seconds since 1970, rounded down, and the nanoseconds on top of them.
fn since_1970(time: SystemTime) -> (i64, u64) {
    let whole = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (whole(after), after.subsec_nanos().into()),
        Err(error) => {
            let before = error.duration();
            match u64::from(before.subsec_nanos()) {
                0 => (-whole(before), 0),
                nanos => (-whole(before) - 1, NANOS - nanos),
            }
        }
    }
}

/// The time so long after 1970; 1970 if the system has no such time.
pub(crate) fn time((seconds, nanos): (i64, u64)) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let second = if seconds < 0 {
        UNIX_EPOCH.checked_sub(whole)
    } else {
        UNIX_EPOCH.checked_add(whole)
    };
    let time = second.and_then(|second| second.checked_add(Duration::from_nanos(nanos)));
    time.unwrap_or(UNIX_EPOCH)
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
