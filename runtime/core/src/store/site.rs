//! Where in a code base somebody asks for a lock.

use std::fmt;
use std::panic::Location;

use crate::env;
use crate::spec::Place;

/// The source location of a test, or of the call that made a guard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    /// The package, where Cargo or nextest runs it.
    pub(super) package: Option<&'static str>,
    pub(super) file: &'static str,
    pub(super) line: u32,
}

impl Site {
    /// The place of the call that has led here.
    #[track_caller]
    pub(crate) fn of_caller() -> Self {
        let caller: &'static Location<'static> = Location::caller();
        Site {
            package: env::running_package(),
            file: caller.file(),
            line: caller.line(),
        }
    }
}

impl From<&Place> for Site {
    fn from(place: &Place) -> Self {
        Site {
            package: place.package,
            file: place.file,
            line: place.line,
        }
    }
}

/// As compilers and editors know it: `src/checkout.rs:12`.
impl fmt::Display for Site {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)
    }
}
