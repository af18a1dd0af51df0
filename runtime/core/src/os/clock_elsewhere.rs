//! Platforms on which a test has no clock of its own.

use std::convert::Infallible;
use std::io;
use std::path::Path;

use isolated_test_clock::Setting;

/// Uninhabited, because only Linux has clocks of tests.
#[derive(Debug)]
pub(crate) struct SharedClock(Infallible);

impl SharedClock {
    pub(crate) fn create(_: &Path, _: &Setting) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn open(_: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn setting(&self) -> Setting {
        match self.0 {}
    }

    pub(crate) fn change(&self, _: impl FnOnce(Setting) -> Setting) -> io::Result<()> {
        match self.0 {}
    }
}

pub(crate) fn monotonic() -> u64 {
    0
}

pub(crate) fn is_clock_replaced() -> bool {
    false
}
