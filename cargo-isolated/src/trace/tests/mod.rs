//! From lines to what is drawn.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests panic when they fail"
)]

mod read;
mod summary;
mod totals;
pub(super) mod written;

use self::written::Written;
use super::timeline::{Test, Timeline};
use super::{duration, short};

fn timeline_of(written: &Written) -> Timeline {
    Timeline::read(written.path()).unwrap()
}

/// Finds a test by its name.
fn named<'a>(timeline: &'a Timeline, name: &str) -> &'a Test {
    let mut tests = timeline.tests.iter();
    tests.find(|test| test.name == name).expect(name)
}

#[test]
fn times_have_three_digits() {
    for (time, text) in [
        (0, "0µs"),
        (999, "999µs"),
        (1_000, "1.00ms"),
        (12_345, "12.3ms"),
        (123_456, "123ms"),
        (41_234_567, "41.2s"),
        (641_000_000, "641s"),
    ] {
        assert_eq!(duration(time), text);
    }
}

#[test]
fn programs_are_called_as_people_call_them() {
    assert_eq!(short("/target/debug/deps/shop-1d5618da81b6cf61"), "shop");
    assert_eq!(short("/target/debug/deps/my-shop"), "my-shop");
}
