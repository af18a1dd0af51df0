//! Calls of annotated functions from annotated functions and tests.

use serial_test::{file_serial, is_locked_serially, parallel, serial};

use crate::meeting::{Room, crowd};

#[serial(nested)]
fn helper() -> u32 {
    assert!(is_locked_serially(Some("nested")));
    7
}

#[test]
#[serial(nested)]
fn a_serial_test_calls_a_serial_helper_with_its_key() {
    assert_eq!(helper(), 7);
    assert!(is_locked_serially(Some("nested")));
}

#[test]
fn any_test_calls_a_serial_helper() {
    assert_eq!(helper(), 7);
    assert!(!is_locked_serially(Some("nested")));
}

#[test]
#[serial(nested_recursive)]
fn a_serial_function_calls_itself() {
    #[serial(nested_recursive)]
    fn factorial(number: u64) -> u64 {
        if number == 0 {
            return 1;
        }
        number * factorial(number - 1)
    }

    assert_eq!(factorial(10), 3_628_800);
}

#[test]
#[serial(nested_weaker)]
fn a_serial_test_calls_a_parallel_helper_with_its_key() {
    #[parallel(nested_weaker)]
    fn reads() {
        assert!(is_locked_serially(Some("nested_weaker")));
    }

    reads();
}

#[test]
#[parallel(nested_shared)]
fn a_parallel_test_calls_a_parallel_helper_with_its_key() {
    #[parallel(nested_shared)]
    fn reads() {}

    reads();
}

#[test]
#[file_serial(nested_file)]
fn a_file_serial_test_calls_a_file_serial_helper_with_its_key() {
    #[file_serial(nested_file)]
    fn asks() {}

    asks();
}

#[test]
#[should_panic(
    expected = "failed to lock serial \"nested_stronger\", because the caller holds it as `parallel`"
)]
fn a_parallel_caller_of_a_serial_helper_with_its_key_is_refused() {
    #[serial(nested_stronger)]
    fn writes() {}

    #[parallel(nested_stronger)]
    fn reads() {
        writes();
    }

    reads();
}

#[test]
fn a_helper_may_hold_a_key_that_comes_before_that_of_its_caller() {
    static A: Room = Room::new();
    static B: Room = Room::new();

    #[serial(nested_a)]
    fn a() {
        A.be_alone();
    }

    #[serial(nested_b)]
    fn b_and_a() {
        B.be_alone();
        a();
    }

    crowd(&[a, b_and_a, a, b_and_a]);
}

#[test]
fn the_key_of_a_caller_outlasts_its_helper() {
    static ROOM: Room = Room::new();

    #[serial(nested_outlasts)]
    fn helper() {
        ROOM.be_alone();
    }

    #[serial(nested_outlasts)]
    fn caller() {
        helper();
        ROOM.be_alone();
    }

    crowd(&[caller, caller, helper]);
}
