//! The source locations of tests and calls.

use std::fmt;
use std::panic::Location;
use std::path::{Path, PathBuf};

use crate::runner;

/// The source location of a test, with its package and how Cargo builds it.
#[derive(Debug, Clone, Copy)]
pub struct SourceLocation {
    /// `module_path!()` of the test.
    pub module: &'static str,
    /// `file!()` of the test.
    pub file: &'static str,
    /// `line!()` of the test.
    pub line: u32,
    /// The name of the package, if Cargo builds it.
    pub package: Option<&'static str>,
    /// The Cargo options that build and run the target of the test again, as it was built.
    pub build: Option<&'static str>,
    /// The root directory of the package, if Cargo builds it.
    pub package_root: Option<&'static str>,
}

impl SourceLocation {
    /// Resolves a path relative to the root of the package.
    ///
    /// The root is determined at run time, because the sources may have moved since the test was
    /// compiled: nextest runs archived tests elsewhere. A program started by the tests of another
    /// package inherits the variables of that package; it uses the root from compile time instead.
    pub(crate) fn in_package(&self, path: &Path) -> PathBuf {
        let running = self.package.and_then(runner::root_of_running);
        let root = running.or_else(|| self.package_root.map(PathBuf::from));
        root.unwrap_or_default().join(path)
    }
}

/// The source location of a test, or of the call that made a guard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    /// The package, if Cargo or nextest runs it.
    pub(crate) package: Option<&'static str>,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

impl Site {
    /// The location of the caller.
    #[track_caller]
    pub(crate) fn of_caller() -> Self {
        let caller: &'static Location<'static> = Location::caller();
        Site {
            package: runner::running_package(),
            file: caller.file(),
            line: caller.line(),
        }
    }
}

impl From<&SourceLocation> for Site {
    fn from(place: &SourceLocation) -> Self {
        Site {
            package: place.package,
            file: place.file,
            line: place.line,
        }
    }
}

/// Writes the form that compilers and editors use: `src/checkout.rs:12`.
impl fmt::Display for Site {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)
    }
}
