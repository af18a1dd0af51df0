//! The surroundings of a subprocess: environment variables, working directory, timeout.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;
#[cfg(feature = "clock")]
use std::time::SystemTime;

use crate::config::PREFIX;
use crate::error::{Error, ErrorKind};
use crate::location::SourceLocation;
use crate::report::Missing;
#[cfg(feature = "clock")]
use crate::resource::clock::{self, Begin, LocalTime};
use crate::resource::context::TestHandle;
use crate::resource::namespace::Namespace;
use crate::resource::port::Port;
use crate::resource::tmpdir::TmpDir;
use crate::run::cx::Cx;
use crate::run::spec::Subprocess;

/// The environment, working directory and timeout of a test, as its attribute describes them.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// Whether the subprocess starts with a few essential variables only.
    pub(crate) is_clear: bool,
    /// Changed variables; `None` unsets one.
    pub(crate) variables: Vec<(&'static str, Option<OsString>)>,
    pub(crate) cwd: Option<PathBuf>,
    pub(crate) timeout: Option<Duration>,
    /// When the clock begins, and how many seconds pass in one.
    #[cfg(feature = "clock")]
    pub(crate) clock: Option<(Begin, f64)>,
}

impl Surroundings {
    /// `clear`.
    pub fn clear(&mut self) {
        self.is_clear = true;
    }

    /// `NAME = value`.
    pub fn set<V: Variable>(&mut self, name: &'static str, value: V) {
        self.variables.push((name, value.to_variable()));
    }

    /// `unset(NAME)`.
    pub fn unset(&mut self, name: &'static str) {
        self.variables.push((name, None));
    }

    /// `cwd` and `cwd = dir`.
    pub fn cwd<P: AsRef<Path>>(&mut self, dir: P) {
        self.cwd = Some(dir.as_ref().to_owned());
    }

    /// `timeout = limit` with an expression.
    pub fn timeout(&mut self, limit: Duration) {
        self.timeout = Some(limit);
    }

    /// `clock = at`, `clock(at = at, speed = speed)`.
    #[cfg(feature = "clock")]
    pub fn clock(&mut self, at: impl Into<SystemTime>, speed: f64) {
        self.clock = Some((Begin::At(at.into()), speed));
    }

    /// `clock = "2026-03-29[Europe/Berlin]"`: a local time, as the seconds from 1970 on the clocks of the
    /// zone and the nanoseconds on top of them.
    #[cfg(feature = "clock")]
    pub fn local_clock(
        &mut self,
        since_1970: (i64, u64),
        zone: &'static str,
        offset: Option<i32>,
        speed: f64,
    ) {
        let local = LocalTime {
            since_1970,
            zone,
            offset,
        };
        self.clock = Some((Begin::In(local), speed));
    }
}

impl Surroundings {
    /// All variables of the subprocess. `ours` takes precedence over the attribute's.
    pub(crate) fn environment(&self, ours: (&str, &OsStr)) -> Vec<(OsString, OsString)> {
        let changes = self.variables.iter();
        let changes = changes.map(|(name, value)| (*name, value.as_deref()));
        let mut all: Vec<(OsString, OsString)> = inherited(self.is_clear).collect();
        for (name, value) in changes.chain([(ours.0, Some(ours.1))]) {
            all.retain(|(other, _)| !is_same_variable(other, name));
            all.extend(value.map(|value| (name.into(), value.into())));
        }
        all
    }

    /// Whether the attribute decides about this variable.
    #[cfg(feature = "clock")]
    pub(crate) fn mentions(&self, variable: &str) -> bool {
        self.variables.iter().any(|(name, _)| *name == variable)
    }

    /// The parts of the description that a test lacks when it runs in place.
    pub(crate) fn missing(&self, process: Option<Subprocess>) -> Vec<Missing<'_>> {
        let timeout = process.and_then(|process| process.timeout);
        let network = process.and_then(|process| process.network);
        let variables = self.variables.iter();
        let missing = variables
            .map(|(name, _)| Missing::Variable(name))
            .chain(self.is_clear.then_some(Missing::Clear))
            .chain(self.cwd.as_ref().map(|_| Missing::Directory))
            .chain(self.timeout.or(timeout).map(|_| Missing::Timeout))
            .chain(network.map(|_| Missing::Network));
        #[cfg(feature = "clock")]
        let missing = missing.chain(self.clock.map(|_| Missing::Clock));
        missing.collect()
    }

    /// The working directory of the subprocess, if it differs from this one's. One below a
    /// temporary directory of the test is created if it does not exist.
    pub(crate) fn directory(
        &self,
        place: &SourceLocation,
        test: &TestHandle,
    ) -> Result<Option<PathBuf>, Error> {
        let Some(cwd) = &self.cwd else {
            return Ok(None);
        };
        let dir = place.in_package(cwd);
        let mut own = test.values().filter_map(|(_, value)| value?.tmpdir());
        let leads_out = dir.components().any(|part| part == Component::ParentDir);
        let created = if !leads_out && own.any(|own| dir.starts_with(own.path())) {
            fs::create_dir_all(&dir)
        } else {
            Ok(())
        };
        let reason = match created.and_then(|()| fs::metadata(&dir)) {
            Ok(found) if found.is_dir() => return Ok(Some(dir)),
            Ok(_) => io::ErrorKind::NotADirectory.into(),
            Err(error) => error,
        };
        let action = "use the working directory";
        Err(Error::path(ErrorKind::Process, action, &dir, reason))
    }
}

/// Whether two names mean the same variable; Windows ignores case.
fn is_same_variable(one: &OsStr, other: &str) -> bool {
    if cfg!(windows) {
        one.eq_ignore_ascii_case(other)
    } else {
        one == other
    }
}

/// The time of a literal.
#[cfg(feature = "clock")]
#[must_use]
pub fn instant(seconds: i64, nanos: u64) -> SystemTime {
    clock::time((seconds, nanos))
}

/// Describes a test that asks for no other surroundings than those of this process.
pub fn as_here(_: &Cx, _: &mut Surroundings) {}

/// A value that a variable can be set to.
#[diagnostic::on_unimplemented(
    message = "a variable cannot be set to a value of type `{Self}`",
    label = "expected text, a path, a number, a `bool`, an address, a port, a directory, a namespace, or an `Option` of these",
    note = "write `.to_string()` behind a value that can be displayed"
)]
pub trait Variable {
    /// Returns the text of the variable; `None` unsets it.
    fn to_variable(&self) -> Option<OsString>;
}

macro_rules! displayed {
    ($($type:ty)*) => {
        $(impl Variable for $type {
            fn to_variable(&self) -> Option<OsString> {
                Some(self.to_string().into())
            }
        })*
    };
}

displayed! {
    bool char u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64
    IpAddr Ipv4Addr Ipv6Addr SocketAddr SocketAddrV4 SocketAddrV6 Port Namespace
}

macro_rules! written {
    ($($type:ty)*) => {
        $(impl Variable for $type {
            fn to_variable(&self) -> Option<OsString> {
                Some(AsRef::<OsStr>::as_ref(self).to_owned())
            }
        })*
    };
}

written! { str String OsStr OsString Path PathBuf }

impl Variable for TmpDir {
    fn to_variable(&self) -> Option<OsString> {
        self.path().to_variable()
    }
}

impl<V: Variable + ToOwned + ?Sized> Variable for Cow<'_, V> {
    fn to_variable(&self) -> Option<OsString> {
        V::to_variable(self)
    }
}

impl<V: Variable + ?Sized> Variable for &V {
    fn to_variable(&self) -> Option<OsString> {
        V::to_variable(self)
    }
}

impl<V: Variable> Variable for Option<V> {
    fn to_variable(&self) -> Option<OsString> {
        self.as_ref()?.to_variable()
    }
}

/// The variables that survive `clear`, besides our own: those needed to find programs and
/// libraries, and those that the test runner and its tools use.
const ESSENTIAL: [&str; 12] = [
    "PATH",
    "TMPDIR",
    "TMP",
    "TEMP",
    "SystemRoot",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "LLVM_PROFILE_FILE",
    "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE",
    "RUST_MIN_STACK",
];

/// The variables that a subprocess inherits: all, or only those that survive `clear`.
fn inherited(is_clear: bool) -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(move |(name, _)| !is_clear || is_essential(&name.to_string_lossy()))
}

fn is_essential(name: &str) -> bool {
    // Windows spells it `Path`, and ignores case.
    let is = |one: &&str| name == *one || cfg!(windows) && name.eq_ignore_ascii_case(one);
    name.starts_with(PREFIX) || ESSENTIAL.iter().any(is)
}
