//! What the process of a test finds around it: variables, working directory, time.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::env;
use crate::error::{Error, ErrorKind};
use crate::resource::namespace::Namespace;
use crate::resource::port::Port;
use crate::resource::tmpdir::TmpDir;
use crate::spec::Place;
use crate::sys;

/// The surroundings of a test, as its attribute describes them.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// Whether the process begins with few variables.
    pub(crate) is_clear: bool,
    /// Variables with their values; those without one are unset.
    pub(crate) variables: Vec<(&'static str, Option<OsString>)>,
    pub(crate) cwd: Option<PathBuf>,
    pub(crate) timeout: Option<Duration>,
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
}

impl Surroundings {
    /// Returns this program as a command with these surroundings.
    pub(crate) fn command(&self, place: &Place) -> Result<Command, Error> {
        let mut command = sys::process::this_program().map_err(|error| {
            Error::new(ErrorKind::Process, "find the running program").because(error)
        })?;
        // All of them are said, so that the platform need not know which of them are new.
        command.env_clear().envs(env::inherited(self.is_clear));
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(cwd) = &self.cwd {
            let dir = place
                .package_root
                .map_or_else(|| cwd.clone(), |root| Path::new(root).join(cwd));
            let metadata = std::fs::metadata(&dir);
            let reason = match metadata {
                Ok(found) if found.is_dir() => None,
                Ok(_) => Some(io::Error::from(io::ErrorKind::NotADirectory)),
                Err(error) => Some(error),
            };
            if let Some(reason) = reason {
                let action = "use the working directory";
                return Err(Error::path(ErrorKind::Process, action, &dir, reason));
            }
            command.current_dir(dir);
        }
        Ok(command)
    }
}

/// What a variable may be set to.
#[diagnostic::on_unimplemented(
    message = "a variable cannot be set to a value of type `{Self}`",
    label = "expected text, a path, a number, a `bool`, an address, a port, a directory, a namespace, or an `Option` of these",
    note = "write `.to_string()` behind a value that can be displayed"
)]
pub trait Variable {
    /// Returns the text; nothing unsets the variable.
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
