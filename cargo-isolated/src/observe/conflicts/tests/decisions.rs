//! The touches that make a conflict.

use super::{conflicts, files, record, sets};
use crate::findings::Kind;
use crate::findings::Touch::{Change, Ensure, List, Look, Prepare, Remove, Use};

#[test]
fn one_writer_and_another_test_are_a_conflict() {
    assert_eq!(files(&[&[("/a", Change)], &[("/a", Look)]]), ["/a {0} {1}"]);
    assert_eq!(
        files(&[&[("/a", Use), ("/a", Remove)], &[("/a", Change)]]),
        ["/a {0, 1} {}"]
    );
    assert!(files(&[&[("/a", Use)], &[("/a", Use)]]).is_empty());
    assert!(files(&[&[("/a", Change)], &[("/b", Change)]]).is_empty());
}

#[test]
fn a_file_that_all_would_prepare_is_no_conflict() {
    assert!(files(&[&[("/a", Prepare)], &[("/a", Ensure), ("/a", Use)]]).is_empty());
    assert_eq!(
        files(&[&[("/a", Prepare)], &[("/a", Look)]]),
        ["/a {0} {1}"]
    );
    assert_eq!(
        files(&[&[("/a", Prepare)], &[("/a", Remove)]]),
        ["/a {1} {0}"]
    );
}

#[test]
fn a_test_that_would_prepare_a_file_does_not_notice_it() {
    let test = |touch| record(&[(Kind::File, "/a", touch)], &[]);
    let looks_and_ensures = || {
        let touches = [(Kind::File, "/a", Ensure), (Kind::File, "/a", Look)];
        record(&touches, &[])
    };
    assert_eq!(
        conflicts(&[test(Prepare), looks_and_ensures(), test(Look)]),
        ["/a {0} {2}"]
    );
}

#[test]
fn a_test_that_creates_something_in_a_directory_does_not_notice_it() {
    let prepares = || record(&[(Kind::File, "/d", Prepare)], &[]);
    let creates = |dir: &'static str| {
        let touches = [(Kind::File, "/d", Look), (Kind::Directory, dir, Change)];
        record(&touches, &[])
    };
    assert!(conflicts(&[prepares(), creates("/d")]).is_empty());
    assert!(conflicts(&[prepares(), creates("/d/e")]).is_empty());
    assert_eq!(conflicts(&[prepares(), creates("/e")]), ["/d {0} {1}"]);
}

#[test]
fn files_of_cargo_and_of_the_system_do_not_count() {
    for path in [
        "/w/target/debug/app",
        "/w/target/.rustc_info.json",
        "/dev/null",
        "/x.ignored",
    ] {
        assert!(
            files(&[&[(path, Change)], &[(path, Change)]]).is_empty(),
            "{path}"
        );
    }
    assert_eq!(
        files(&[&[("/w/target/tmp/a", Change)], &[("/w/target/tmp/a", Use)]]).len(),
        1
    );
}

#[test]
fn only_a_test_that_lists_a_directory_notices_its_entries() {
    let directory = |touch| (Kind::Directory, "/d", touch);
    let creates = || record(&[directory(Change)], &[]);
    assert!(conflicts(&[creates(), creates()]).is_empty());
    let lists = record(&[directory(List)], &[]);
    assert_eq!(conflicts(&[creates(), lists]), ["/d {0} {1}"]);
}

#[test]
fn a_removed_directory_matters_to_tests_that_use_files_in_it() {
    let removes = record(
        &[(Kind::File, "/d", Remove), (Kind::Directory, "/d", Remove)],
        &[],
    );
    let uses = record(&[(Kind::File, "/d/a", Change)], &[]);
    assert_eq!(conflicts(&[removes, uses]), ["/d {0} {1}"]);
}

#[test]
fn a_variable_that_all_set_to_the_same_value_is_no_conflict() {
    let test = |value| sets(&[], value);
    assert!(conflicts(&[test(Some("1")), test(Some("1"))]).is_empty());
    for other in [test(Some("2")), test(None)] {
        assert_eq!(conflicts(&[test(Some("1")), other]), ["A {0, 1} {}"]);
    }
    let reads = record(&[(Kind::Variable, "A", Use)], &[]);
    assert_eq!(conflicts(&[test(Some("1")), reads]), ["A {0} {1}"]);
}

#[test]
fn a_process_is_shared_within_a_program() {
    let test = || record(&[(Kind::Variable, "A", Change)], &[]);
    assert_eq!(conflicts(&[test(), test(), test()]), ["A {0, 1} {}"]);
}

#[test]
fn the_file_of_a_socket_is_the_socket() {
    let binds = record(&[(Kind::UnixSocket, "/s", Change)], &[]);
    let removes = record(&[(Kind::File, "/s", Remove)], &[]);
    assert_eq!(conflicts(&[binds, removes]), ["/s {0, 1} {}"]);
}
