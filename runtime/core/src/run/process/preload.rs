//! The variables by which the processes of a test find its clock.

use std::ffi::{OsStr, OsString};

#[cfg(feature = "clock")]
use crate::config::CLOCK;
use crate::config::CLOCK_LIBRARY;

/// The variable from which the dynamic linker takes libraries that it loads before all others.
pub(crate) const PRELOAD: &str = "LD_PRELOAD";

/// Adds the clock of a test to its variables, in place of the clock of a test that has started this
/// process.
#[cfg(feature = "clock")]
pub(super) fn add(variables: &mut Vec<(OsString, OsString)>, setting: &OsStr, library: &OsStr) {
    let mut libraries = library.to_owned();
    let others = variables.iter().find(|(name, _)| name == PRELOAD);
    if let Some(others) = others.and_then(|(_, libraries)| without(libraries)) {
        libraries.push(":");
        libraries.push(others);
    }
    variables.retain(|(name, _)| name != CLOCK && name != PRELOAD);
    variables.push((CLOCK.into(), setting.into()));
    variables.push((PRELOAD.into(), libraries));
}

/// The libraries that this process would load without the clock of a test.
#[cfg(unix)]
pub(crate) fn without_clock() -> Option<OsString> {
    without(&std::env::var_os(PRELOAD)?)
}

/// Removes the library of a clock.
fn without(libraries: &OsStr) -> Option<OsString> {
    let Some(libraries) = libraries.to_str() else {
        return Some(libraries.to_owned());
    };
    let is_other = |path: &&str| !path.is_empty() && !path.ends_with(CLOCK_LIBRARY);
    let others: Vec<&str> = libraries.split([':', ' ']).filter(is_other).collect();
    (!others.is_empty()).then(|| others.join(":").into())
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn only_the_library_of_the_clock_is_removed() {
        for (libraries, left) in [
            ("/tmp/a/libisolated_test_clock.so", None),
            (
                "/a.so:/tmp/a/libisolated_test_clock.so b.so",
                Some("/a.so:b.so"),
            ),
            ("/tmp/a/clock.so", Some("/tmp/a/clock.so")),
            ("", None),
        ] {
            let found = without(libraries.as_ref());
            assert_eq!(found, left.map(Into::into), "{libraries}");
        }
    }
}
