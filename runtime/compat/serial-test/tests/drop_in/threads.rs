//! Which tests run at the same time in the threads of one process.

use isolated_test_tests::State;
use serial_test::{file_parallel, file_serial, parallel, serial};

use crate::meeting::{Meeting, Room, crowd, once};

/// Functions that hold a key until others come. Two copies of them would wait for each other, so
/// each has a state directory of its own.
mod inner {
    use serial_test::{file_serial, parallel, serial};

    use crate::meeting::{Meeting, once};

    #[test]
    #[ignore = "started by another test"]
    fn different_keys() {
        static MEETING: Meeting = Meeting::new();

        #[serial(threads_a)]
        fn a() {
            MEETING.wait_for(4);
        }

        #[serial(threads_b)]
        fn b() {
            MEETING.wait_for(4);
        }

        /// The key of `file_serial` is another one than that of `serial`, as in `serial_test`.
        #[file_serial(threads_a)]
        fn file() {
            MEETING.wait_for(4);
        }

        #[serial("threads a")]
        fn text() {
            MEETING.wait_for(4);
        }

        once(&[a, b, file, text]);
    }

    #[test]
    #[ignore = "started by another test"]
    fn parallel_and_another_key() {
        static MEETING: Meeting = Meeting::new();

        #[serial(threads_apart)]
        fn serial() {
            MEETING.wait_for(3);
        }

        #[parallel]
        fn parallel() {
            MEETING.wait_for(3);
        }

        #[parallel(threads_apart_too)]
        fn parallel_too() {
            MEETING.wait_for(3);
        }

        once(&[serial, parallel, parallel_too]);
    }
}

#[test]
fn serial_functions_with_different_keys_meet() {
    State::new().inner("different_keys").run().passed();
}

#[test]
fn a_parallel_function_meets_a_serial_one_with_another_key() {
    State::new()
        .inner("parallel_and_another_key")
        .run()
        .passed();
}

#[test]
fn serial_functions_with_one_key_never_meet() {
    static ROOM: Room = Room::new();

    #[serial(threads_one)]
    fn one() {
        ROOM.be_alone();
    }

    #[serial(threads_one)]
    fn another() {
        ROOM.be_alone();
    }

    crowd(&[one, another, one, another]);
}

#[test]
fn serial_functions_without_a_key_never_meet() {
    static ROOM: Room = Room::new();

    #[serial]
    fn one() {
        ROOM.be_alone();
    }

    #[serial()]
    fn another() {
        ROOM.be_alone();
    }

    crowd(&[one, another, one]);
}

#[test]
fn a_function_with_two_keys_meets_neither() {
    static A: Room = Room::new();
    static B: Room = Room::new();

    #[serial(threads_two_a)]
    fn a() {
        A.be_alone();
    }

    #[serial(threads_two_b)]
    fn b() {
        B.be_alone();
    }

    #[serial(threads_two_a, threads_two_b)]
    fn both() {
        A.be_alone();
        B.be_alone();
    }

    #[serial(threads_two_b, threads_two_a)]
    fn both_otherwise() {
        B.be_alone();
        A.be_alone();
    }

    crowd(&[a, b, both, both_otherwise]);
}

#[test]
fn parallel_functions_meet_each_other() {
    static MEETING: Meeting = Meeting::new();

    #[parallel(threads_parallel)]
    fn one() {
        MEETING.wait_for(3);
    }

    #[parallel(threads_parallel, threads_parallel_too)]
    fn another() {
        MEETING.wait_for(3);
    }

    once(&[one, one, another]);
}

#[test]
fn a_parallel_function_meets_no_serial_one_with_its_key() {
    static ROOM: Room = Room::new();
    static READERS: Room = Room::new();

    #[serial(threads_mixed)]
    fn serial() {
        ROOM.be_alone();
        READERS.be_alone();
    }

    #[parallel(threads_mixed)]
    fn parallel() {
        // Only one thread is a reader.
        ROOM.be_alone();
    }

    crowd(&[serial, parallel, serial]);
}

#[test]
fn file_serial_functions_never_meet_and_file_parallel_ones_do() {
    static ROOM: Room = Room::new();
    static MEETING: Meeting = Meeting::new();

    #[file_serial(threads_file)]
    fn serial() {
        ROOM.be_alone();
    }

    #[file_parallel(threads_file)]
    fn parallel() {
        ROOM.be_alone();
    }

    #[file_parallel(threads_file_meets)]
    fn meets() {
        MEETING.wait_for(2);
    }

    crowd(&[serial, parallel, serial]);
    once(&[meets, meets]);
}

#[test]
fn stacked_attributes_are_all_held() {
    static A: Room = Room::new();
    static B: Room = Room::new();

    #[serial(threads_stacked_a)]
    #[file_serial(threads_stacked_b)]
    fn both() {
        A.be_alone();
        B.be_alone();
    }

    #[file_serial(threads_stacked_b)]
    #[serial(threads_stacked_a)]
    fn both_otherwise() {
        A.be_alone();
        B.be_alone();
    }

    #[serial(threads_stacked_a)]
    fn a() {
        A.be_alone();
    }

    #[file_serial(threads_stacked_b)]
    fn b() {
        B.be_alone();
    }

    crowd(&[both, both_otherwise, a, b]);
}

#[test]
fn the_stronger_of_two_stacked_attributes_with_one_key_counts() {
    static ROOM: Room = Room::new();

    #[parallel(threads_stronger)]
    #[serial(threads_stronger)]
    fn one() {
        ROOM.be_alone();
    }

    #[serial(threads_stronger)]
    #[parallel(threads_stronger)]
    fn another() {
        ROOM.be_alone();
    }

    crowd(&[one, another]);
}

#[test]
fn a_function_that_panics_releases_its_lock() {
    static ROOM: Room = Room::new();

    #[serial(threads_panic)]
    fn panics() {
        ROOM.be_alone();
        std::panic::resume_unwind(Box::new("on purpose"));
    }

    let [one, another] = [(); 2].map(|()| std::thread::spawn(panics));
    one.join().unwrap_err();
    another.join().unwrap_err();
}

#[test]
fn what_a_body_leaves_in_its_parameters_is_dropped_under_the_lock() {
    static ROOM: Room = Room::new();

    struct Leaves;

    impl Drop for Leaves {
        fn drop(&mut self) {
            ROOM.be_alone();
        }
    }

    #[serial(threads_parameters)]
    fn ignores(_one: Leaves, (): ()) {}

    #[serial(threads_parameters)]
    fn returns(mut one: Leaves, _numbers: Vec<Option<u8>>, number: fn(u8) -> u8) -> u8 {
        drop(std::mem::replace(&mut one, Leaves));
        number(1)
    }

    crowd(&[
        || ignores(Leaves, ()),
        || assert_eq!(returns(Leaves, Vec::new(), |number| number), 1),
    ]);
}
