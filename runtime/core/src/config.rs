//! The environment variables that the runtime reads.
//!
//! A process reads them once, at its first isolated test. Unknown variables with our prefix are
//! refused: see [`known`].

mod known;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

pub(crate) use self::known::PREFIX;
use crate::error::{Error, ErrorKind};

/// The values of the variables.
#[derive(Debug)]
pub(crate) struct Variables {
    /// `ISOLATED_DIR`: the state directory.
    pub(crate) dir: Option<PathBuf>,
    /// `ISOLATED_KEEP`: when temporary directories are kept.
    pub(crate) keep: Option<Keep>,
    /// `ISOLATED_LOCK_TIMEOUT`: how long to wait while the holders of a lock do not change.
    pub(crate) lock_timeout: Duration,
    /// `ISOLATED_LOCKS`: the database that keeps the locks across machines.
    #[cfg_attr(
        not(all(unix, feature = "machines")),
        expect(dead_code, reason = "no such locks are kept")
    )]
    pub(crate) locks: Option<String>,
    /// `ISOLATED_WAIT_NOTICE`: how long to wait for a lock before printing a notice.
    pub(crate) wait_notice: Duration,
    /// `ISOLATED_SEED`: the seed of every test.
    pub(crate) seed: Option<u64>,
    /// `ISOLATED_PROCESS`: whether tests that request a subprocess run in one.
    pub(crate) process: bool,
    /// `ISOLATED_TIMEOUT_SCALE`: the factor for all timeouts.
    pub(crate) timeout_scale: f64,
    /// `ISOLATED_TRACE`: the directory for the trace.
    pub(crate) trace: Option<PathBuf>,
    /// `ISOLATED_REPEAT`: how many times each test runs.
    pub(crate) repeat: Option<u32>,
    /// `ISOLATED_RETRIES`: how often a failed test runs again, unless its attribute sets that.
    pub(crate) retries: Option<u32>,
    /// `ISOLATED_FLAKY`: the outcome of a test that fails and then passes.
    pub(crate) flaky: Flaky,
    /// `ISOLATED_LINGER`: how long a host serves after its last user.
    #[cfg_attr(not(any(unix, test)), expect(dead_code, reason = "there are no hosts"))]
    pub(crate) linger: Duration,
}

/// When a temporary directory outlives its test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Never.
    Never,
    /// When the test fails.
    Failure,
    /// Always.
    Always,
}

/// The outcome of a test that fails and then passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaky {
    Pass,
    Fail,
}

/// The highest number of retries.
const MOST_RETRIES: u32 = 100;

/// The default of `ISOLATED_LOCK_TIMEOUT`.
const LOCK_TIMEOUT: Duration = Duration::from_secs(600);

/// The default of `ISOLATED_WAIT_NOTICE`.
const WAIT_NOTICE: Duration = Duration::from_secs(3);

/// The default of `ISOLATED_LINGER`.
const LINGER: Duration = Duration::from_secs(5);

impl Variables {
    /// The timeout of a test on this machine; `None` on overflow, which is as good as no timeout.
    pub(crate) fn scaled(&self, timeout: Duration) -> Option<Duration> {
        Duration::try_from_secs_f64(timeout.as_secs_f64() * self.timeout_scale).ok()
    }
}

/// Returns the values of the variables, read on the first call.
pub(crate) fn variables() -> Result<&'static Variables, Error> {
    static VARIABLES: OnceLock<Result<Variables, String>> = OnceLock::new();

    VARIABLES
        .get_or_init(|| {
            known::refuse_unknown(env::vars_os())?;
            read(|name| env::var_os(name))
        })
        .as_ref()
        .map_err(|action| Error::new(ErrorKind::Variable, action.clone()))
}

/// The variable that names the test for which a program acts. Users do not set it.
pub(crate) const OWNER: &str = "ISOLATED_OWNER";

/// The variable that all processes of a host inherit: the path of its directory. Users do not set
/// it.
pub(crate) const HOST_DIR: &str = "ISOLATED_HOST";

/// The variable that all processes of a test with a clock inherit: the path of the file in which the
/// clock is set. Users do not set it.
pub(crate) const CLOCK: &str = "ISOLATED_CLOCK";

/// The file name of the library that the processes of a test with a clock load.
#[cfg(any(unix, feature = "clock"))]
pub(crate) const CLOCK_LIBRARY: &str = "libisolated_test_clock.so";

/// The variable that identifies the sandbox in which `cargo isolated` has started this process: it
/// ends the hosts in there with the test. Users do not set it.
const SANDBOX: &str = "ISOLATED_SANDBOX";

/// The value of [`SANDBOX`].
#[cfg(unix)]
pub(crate) fn sandbox() -> Option<OsString> {
    env::var_os(SANDBOX)
}

/// The value of [`OWNER`].
pub(crate) fn owner() -> Option<String> {
    env::var(OWNER).ok()
}

/// Reads all variables. Errors are worded to fit after "failed to".
fn read(get: impl Fn(&str) -> Option<OsString>) -> Result<Variables, String> {
    Ok(Variables {
        dir: one(&get, "ISOLATED_DIR", absolute)?,
        keep: text(&get, "ISOLATED_KEEP", |text| match text {
            "never" => Some(Keep::Never),
            "failure" => Some(Keep::Failure),
            "always" => Some(Keep::Always),
            _ => None,
        })?,
        lock_timeout: text(&get, "ISOLATED_LOCK_TIMEOUT", duration)?.unwrap_or(LOCK_TIMEOUT),
        // Not parsed here, because the message about a bad value would show a password.
        locks: text(&get, "ISOLATED_LOCKS", |text| Some(text.to_owned()))?,
        wait_notice: text(&get, "ISOLATED_WAIT_NOTICE", duration)?.unwrap_or(WAIT_NOTICE),
        seed: text(&get, "ISOLATED_SEED", |text| {
            match text.strip_prefix("0x") {
                Some(digits) => u64::from_str_radix(digits, 16).ok(),
                None => text.parse().ok(),
            }
        })?,
        process: text(&get, "ISOLATED_PROCESS", |text| match text {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        })?
        .unwrap_or(true),
        timeout_scale: text(&get, "ISOLATED_TIMEOUT_SCALE", |text| {
            let scale = text.parse().ok();
            scale.filter(|scale: &f64| scale.is_finite() && *scale > 0.0)
        })?
        .unwrap_or(1.0),
        trace: one(&get, "ISOLATED_TRACE", absolute)?,
        repeat: text(&get, "ISOLATED_REPEAT", |text| {
            text.parse().ok().filter(|runs| *runs > 0)
        })?,
        retries: text(&get, "ISOLATED_RETRIES", |text| {
            text.parse().ok().filter(|retries| *retries <= MOST_RETRIES)
        })?,
        flaky: text(&get, "ISOLATED_FLAKY", |text| match text {
            "pass" => Some(Flaky::Pass),
            "fail" => Some(Flaky::Fail),
            _ => None,
        })?
        .unwrap_or(Flaky::Pass),
        linger: text(&get, "ISOLATED_LINGER", duration)?.unwrap_or(LINGER),
    })
}

/// Parses an absolute path.
fn absolute(value: &OsString) -> Option<PathBuf> {
    Some(PathBuf::from(value)).filter(|path| path.is_absolute())
}

/// Reads one variable that is text.
fn text<T>(
    get: impl Fn(&str) -> Option<OsString>,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, String> {
    one(get, name, |value| parse(value.to_str()?))
}

/// Reads one variable; an empty value counts as unset.
fn one<T>(
    get: impl Fn(&str) -> Option<OsString>,
    name: &str,
    parse: impl Fn(&OsString) -> Option<T>,
) -> Result<Option<T>, String> {
    let Some(value) = get(name).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    parse(&value).map(Some).ok_or_else(|| {
        let expected = known::expected(name);
        format!("read the variable `{name}`: found {value:?}, expected {expected}")
    })
}

/// Parses a time: a whole number above zero and one of `ms`, `s`, `m`, `h`.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let milliseconds = match unit.trim_start() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).map(Duration::from_millis)
}

/// Formats a time in whole seconds (`90s`), or in milliseconds (`250ms`) if it is below ten seconds
/// and not whole.
pub(crate) fn seconds(time: Duration) -> String {
    if time.subsec_millis() == 0 || time >= Duration::from_secs(10) {
        format!("{}s", time.as_secs())
    } else {
        format!("{}ms", time.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::PathBuf;
    use std::time::Duration;

    use super::{Flaky, Keep, Variables, duration, read};

    fn with(name: &str, value: &str) -> Result<Variables, String> {
        read(|asked| (asked == name).then(|| OsString::from(value)))
    }

    #[test]
    fn unset_variables_have_documented_defaults() {
        let variables = read(|_| None).expect("defaults");
        assert_eq!(variables.dir, None);
        assert_eq!(variables.keep, None);
        assert_eq!(variables.lock_timeout, Duration::from_secs(600));
        assert_eq!(variables.wait_notice, Duration::from_secs(3));
        assert_eq!(variables.seed, None);
        assert!(variables.process);
        let second = Duration::from_secs(1);
        assert_eq!(variables.scaled(second), Some(second));
        assert_eq!(variables.trace, None);
        assert_eq!((variables.repeat, variables.retries), (None, None));
        assert_eq!(variables.flaky, Flaky::Pass);
        assert_eq!(variables.linger, Duration::from_secs(5));
    }

    #[test]
    fn values_are_read() {
        let root = if cfg!(windows) { "C:\\state" } else { "/state" };
        assert_eq!(
            with("ISOLATED_DIR", root).unwrap().dir,
            Some(PathBuf::from(root))
        );
        assert_eq!(
            with("ISOLATED_KEEP", "always").unwrap().keep,
            Some(Keep::Always)
        );
        assert_eq!(with("ISOLATED_SEED", "0x2a").unwrap().seed, Some(42));
        assert_eq!(with("ISOLATED_SEED", "42").unwrap().seed, Some(42));
        assert_eq!(with("ISOLATED_SEED", "").unwrap().seed, None);
        assert!(!with("ISOLATED_PROCESS", "off").unwrap().process);
        assert_eq!(with("ISOLATED_REPEAT", "2995").unwrap().repeat, Some(2_995));
        assert_eq!(with("ISOLATED_RETRIES", "0").unwrap().retries, Some(0));
        assert_eq!(with("ISOLATED_FLAKY", "fail").unwrap().flaky, Flaky::Fail);
        let second = Duration::from_secs(1);
        for (text, milliseconds) in [("2.5", 2_500), ("10", 10_000), ("0.05", 50), ("1.1", 1_100)] {
            let variables = with("ISOLATED_TIMEOUT_SCALE", text).unwrap();
            let scaled = Duration::from_millis(milliseconds);
            assert_eq!(variables.scaled(second), Some(scaled));
            assert_eq!(variables.scaled(second * 90), Some(scaled * 90));
        }
        let double = with("ISOLATED_TIMEOUT_SCALE", "2").unwrap();
        assert_eq!(double.scaled(Duration::MAX), None);
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("90 s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Some(Duration::from_secs(600)));
        assert_eq!(duration("2h"), Some(Duration::from_secs(7200)));
        for bad in [
            "",
            "s",
            "0s",
            "10",
            "-1s",
            "1.5s",
            "1d",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn bad_values_name_the_variable_the_value_and_what_is_expected() {
        assert_eq!(
            with("ISOLATED_KEEP", "yes").unwrap_err(),
            "read the variable `ISOLATED_KEEP`: found \"yes\", expected `never`, `failure` or `always`"
        );
        assert_eq!(
            with("ISOLATED_DIR", "target/state").unwrap_err(),
            "read the variable `ISOLATED_DIR`: found \"target/state\", expected an absolute path"
        );
        assert_eq!(
            with("ISOLATED_TRACE", "trace").unwrap_err(),
            "read the variable `ISOLATED_TRACE`: found \"trace\", expected an absolute path"
        );
        assert_eq!(
            with("ISOLATED_RETRIES", "101").unwrap_err(),
            "read the variable `ISOLATED_RETRIES`: found \"101\", expected a whole number from `0` to `100`"
        );
        assert!(with("ISOLATED_REPEAT", "0").is_err());
        assert!(with("ISOLATED_FLAKY", "maybe").is_err());
        assert!(with("ISOLATED_LOCK_TIMEOUT", "0s").is_err());
        assert!(with("ISOLATED_SEED", "-1").is_err());
        assert!(with("ISOLATED_PROCESS", "no").is_err());
        for bad in ["0", "0.000", "-1", "1.-5", "1,5", "inf", "NaN", "x"] {
            assert!(with("ISOLATED_TIMEOUT_SCALE", bad).is_err(), "{bad}");
        }
    }
}
