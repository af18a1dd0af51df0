//! The suite: 200 tests of five milliseconds, half of which share one of ten keys.

use std::thread;
use std::time::Duration;

/// The body of each test.
pub(crate) fn five_milliseconds() {
    thread::sleep(Duration::from_millis(5));
}

/// Writes ten modules, each with ten tests that share a key and ten that share nothing. The macros
/// `$shared` and `$free` write one test each, and `$shared` uses the key of the module.
macro_rules! suite {
    ($shared:ident, $free:ident) => {
        suite!(@ $shared $free (k0 "k0") (k1 "k1") (k2 "k2") (k3 "k3") (k4 "k4")
            (k5 "k5") (k6 "k6") (k7 "k7") (k8 "k8") (k9 "k9"));
    };
    (@ $shared:ident $free:ident $(($module:ident $key:literal))*) => {
        $(mod $module {
            suite!(# $shared ($module $key) a0 a1 a2 a3 a4 a5 a6 a7 a8 a9);
            suite!(# $free ($module $key) b0 b1 b2 b3 b4 b5 b6 b7 b8 b9);
        })*
    };
    (# $macro:ident ($module:ident $key:literal) $($name:ident)*) => {
        $($macro!($name $module $key);)*
    };
}
