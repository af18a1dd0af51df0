//! `is_locked_serially` and `is_locked_file_serially`.

use std::thread;

use serial_test::{
    file_parallel, file_serial, is_locked_file_serially, is_locked_serially, parallel, serial,
};

#[test]
#[serial]
fn without_a_key() {
    assert!(is_locked_serially(None));
    assert!(is_locked_serially(Some("")));
    assert!(!is_locked_serially(Some("queries_no_such_key")));
}

#[test]
#[serial(queries_one, queries_two)]
fn with_keys() {
    assert!(is_locked_serially(Some("queries_one")));
    assert!(is_locked_serially(Some("queries_two")));
    assert!(!is_locked_serially(None));
}

#[test]
#[parallel(queries_parallel)]
fn parallel_is_not_serial() {
    assert!(!is_locked_serially(Some("queries_parallel")));
}

#[test]
fn outside() {
    #[serial(queries_outside)]
    fn inside() -> bool {
        is_locked_serially(Some("queries_outside"))
    }

    assert!(!is_locked_serially(Some("queries_outside")));
    assert!(inside());
    assert!(!is_locked_serially(Some("queries_outside")));
}

#[test]
#[serial(queries_thread)]
fn only_the_thread_that_holds_it() {
    thread::spawn(|| assert!(!is_locked_serially(Some("queries_thread"))))
        .join()
        .unwrap();
}

#[test]
#[file_serial(queries_file)]
fn of_files_with_a_key() {
    assert!(is_locked_file_serially(Some("queries_file"), None));
    assert!(!is_locked_file_serially(Some("queries_no_such_key"), None));
    assert!(!is_locked_serially(Some("queries_file")));
}

#[test]
#[file_serial]
fn of_files_without_a_key() {
    assert!(is_locked_file_serially(None, None));
    assert!(!is_locked_file_serially(Some("default"), None));
}

#[test]
#[file_serial(queries_file_thread)]
fn of_files_in_any_thread() {
    thread::spawn(|| assert!(is_locked_file_serially(Some("queries_file_thread"), None)))
        .join()
        .unwrap();
}

#[test]
#[file_parallel(queries_file_parallel)]
fn of_files_parallel_is_not_serial() {
    assert!(!is_locked_file_serially(
        Some("queries_file_parallel"),
        None
    ));
}

/// Nobody else may hold the key meanwhile.
mod inner {
    use serial_test::{file_serial, is_locked_file_serially};

    #[test]
    #[ignore = "started by another test"]
    fn of_files_outside() {
        #[file_serial(queries_file_outside)]
        fn inside() -> bool {
            is_locked_file_serially(Some("queries_file_outside"), None)
        }

        assert!(!is_locked_file_serially(Some("queries_file_outside"), None));
        assert!(inside());
        assert!(!is_locked_file_serially(Some("queries_file_outside"), None));
    }
}

#[test]
fn of_files_outside() {
    isolated_test_tests::State::new()
        .inner("of_files_outside")
        .run()
        .passed();
}
