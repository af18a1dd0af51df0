//! The cost of waiting, and the tests that were active when one failed.

use super::written::{Lines, Written};
use super::{named, timeline_of};
use crate::trace::timeline::{Holder, Overlap};

#[test]
fn waits_are_added_up_by_key_whatever_the_mode() {
    let written = Written::new([
        Lines::of(1)
            .test(0, 1, "a")
            .wait(0, 10, 1, "serial tcp", "x")
            .wait(10, 15, 1, "shared a key with spaces", "")
            .body(20, 30, 1, "passed"),
        Lines::of(2)
            .test(0, 1, "b")
            .wait(0, 3, 1, "test", "")
            .wait(3, 33, 1, "limit tcp", "y")
            .body(33, 40, 1, "passed"),
    ]);
    let timeline = timeline_of(&written);
    let found: Vec<_> = timeline
        .totals
        .iter()
        .map(|total| (total.key.as_deref(), total.time, total.waits, total.holders))
        .collect();
    assert_eq!(
        found,
        [
            (Some("tcp"), 40, 2, 2),
            (Some("a key with spaces"), 5, 1, 1),
            (None, 3, 1, 0),
        ]
    );
    let tcp = &timeline.totals[0];
    assert_eq!(tcp.longest, 30);
    assert_eq!(timeline.tests[tcp.test.unwrap()].name, "b");
    assert_eq!(
        tcp.behind,
        [Holder {
            test: "y".to_owned(),
            pid: 1
        }]
    );
    assert_eq!(timeline.phases.wait, 48);
}

#[test]
fn a_failed_test_knows_who_was_active_at_the_same_time() {
    let written = Written::new([Lines::of(1)
        .test(0, 1, "before")
        .body(0, 9, 1, "passed")
        .test(0, 2, "beginning")
        .body(0, 15, 2, "passed")
        .test(10, 3, "fails")
        .body(10, 30, 3, "failed")
        .test(5, 4, "waits_all_the_time")
        .wait(5, 40, 4, "serial tcp", "fails")
        .body(40, 50, 4, "passed")
        .test(12, 5, "within")
        .body(12, 25, 5, "passed")
        .test(31, 6, "after")
        .body(31, 35, 6, "passed")]);
    let timeline = timeline_of(&written);
    let index = |name| timeline.tests.iter().position(|test| test.name == name);
    let failed = &timeline.tests[index("fails").unwrap()];
    let expected = [("within", 13), ("beginning", 5)].map(|(name, time)| Overlap {
        test: index(name).unwrap(),
        time,
    });
    assert_eq!(failed.overlaps, expected);
    assert_eq!(failed.overlapping, 2);
    let others = timeline.tests.iter().filter(|test| test.name != "fails");
    assert!(others.map(|test| test.overlapping).all(|count| count == 0));
}

#[test]
fn too_many_to_list_are_counted() {
    let lines = (2..500).fold(Lines::of(1), |lines, id| {
        lines.test(0, id, "passes").body(0, id, id, "passed")
    });
    let lines = lines.test(0, 1, "fails").body(0, 1_000, 1, "failed");
    let timeline = timeline_of(&Written::new([lines]));
    let failed = named(&timeline, "fails");
    assert_eq!((failed.overlaps.len(), failed.overlapping), (100, 498));
    assert_eq!(failed.overlaps[0].time, 499);
}
