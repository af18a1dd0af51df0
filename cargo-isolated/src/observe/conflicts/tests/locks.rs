//! Locks that keep tests apart.

use super::{conflicts, record, sets};
use crate::findings::Kind;
use crate::findings::Touch::Change;

#[test]
fn tests_that_hold_the_same_lock_of_their_program_are_left_out() {
    let test = |locks| sets(locks, None);
    assert!(conflicts(&[test(&[1, 2]), test(&[2])]).is_empty());
    assert_eq!(conflicts(&[test(&[1]), test(&[2])]), ["A {0, 1} {}"]);
    assert_eq!(conflicts(&[test(&[]), test(&[])]), ["A {0, 1} {}"]);
}

#[test]
fn tests_that_exclude_each_other_are_left_out() {
    let test = |locks: &[&str]| record(&[(Kind::File, "/a", Change)], locks);
    let serial = || test(&["serial \"a\""]);
    assert!(conflicts(&[serial(), test(&["shared \"a\""])]).is_empty());
    let shared = || test(&["shared \"a\""]);
    assert_eq!(conflicts(&[shared(), shared()]), ["/a {0, 1} {}"]);
    assert_eq!(
        conflicts(&[serial(), test(&["serial \"b\""])]),
        ["/a {0, 1} {}"]
    );
    assert_eq!(
        conflicts(&[serial(), test(&[]), serial()]),
        ["/a {0, 1, 2} {}"]
    );
    assert_eq!(conflicts(&[shared(), serial(), shared()]), ["/a {0, 2} {}"]);
    let port = |number| test(&[number]);
    assert!(conflicts(&[port("port 8080"), port("port 8080")]).is_empty());
    assert_eq!(
        conflicts(&[port("port 8080"), port("port 8081")]),
        ["/a {0, 1} {}"]
    );
}
