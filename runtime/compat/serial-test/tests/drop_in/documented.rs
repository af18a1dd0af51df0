//! The syntax that the pages of `serial_test` 3 and 4 show: README, crate and each attribute.
//!
//! Written in the words of this project; the attributes are those of the examples.

/// The README and the front page of the crate.
mod front_page {
    use serial_test::{parallel, serial};

    #[test]
    #[serial]
    fn serial_one() {}

    #[test]
    #[serial]
    fn serial_another() {}

    #[tokio::test]
    #[serial]
    async fn serial_asynchronous() {}

    #[test]
    #[serial(some_key)]
    fn serial_with_a_key() {}

    #[test]
    #[parallel]
    fn parallel_one() {}

    #[cfg(feature = "file_locks")]
    mod file_locks {
        use serial_test::file_serial;

        #[test]
        #[file_serial]
        fn serial_three() {}
    }
}

/// Modules: functions that are no tests stay as they are.
mod whole_module {
    use serial_test::{is_locked_serially, serial};

    #[cfg(test)]
    #[serial]
    mod serial_attribute {
        fn is_no_test() {
            assert!(!super::is_locked_serially(None));
        }

        #[test]
        fn is_a_test() {
            assert!(super::is_locked_serially(None));
            // In a thread that holds nothing.
            std::thread::spawn(is_no_test).join().unwrap();
        }
    }
}

/// `crate = path`, for macros that generate the attributes.
mod elsewhere {
    mod wrapper {
        pub(super) mod refs {
            pub(crate) use serial_test as serial;
        }
    }

    /// Only the path is right here.
    #[expect(unused_imports, reason = "nothing may use it")]
    use std as serial_test;

    use self::wrapper::refs::serial::{
        file_parallel, file_serial, is_locked_serially, parallel, serial,
    };

    #[test]
    #[serial(crate = wrapper::refs::serial)]
    fn generated() {
        assert!(is_locked_serially(None));
    }

    #[test]
    #[parallel(documented_elsewhere, crate = wrapper::refs::serial)]
    fn generated_with_a_key() {}

    #[test]
    #[file_serial(crate = wrapper::refs::serial, path => "/tmp/isolated-serial-test.elsewhere")]
    fn generated_with_a_path() {}

    #[test]
    #[file_parallel(key, path => "/tmp/isolated-serial-test.elsewhere", crate = self::wrapper::refs::serial)]
    fn generated_with_all() {}

    #[serial(documented_module, crate = crate::documented::elsewhere::wrapper::refs::serial)]
    mod inside {
        #[test]
        fn generated() {
            assert!(super::is_locked_serially(Some("documented_module")));
        }

        #[tokio::test]
        async fn generated_asynchronous() {
            assert!(super::is_locked_serially(Some("documented_module")));
        }
    }
}

/// `#[serial]` with keys, return types and other attributes.
mod attribute_serial {
    use serial_test::serial;

    use crate::failing;

    #[test]
    #[serial(something)]
    fn serial_one() {}

    #[test]
    #[serial(something)]
    fn serial_another() {}

    #[test]
    #[serial(other)]
    fn serial_third() {}

    #[test]
    #[serial(other)]
    fn serial_fourth() {}

    #[test]
    #[serial(something, other)]
    fn serial_fifth() {}

    #[test]
    #[serial]
    #[should_panic(expected = "on purpose")]
    fn expects_a_panic() {
        panic!("on purpose");
    }

    #[test]
    #[serial]
    #[ignore = "started by another test"]
    fn ignored() {}

    #[test]
    fn an_ignored_test_runs_when_asked() {
        let ended = failing::run("documented::attribute_serial::ignored");
        assert!(ended.passed, "{}", ended.output);
    }

    #[test]
    #[serial]
    pub(crate) fn is_visible() {}

    #[test]
    #[serial]
    fn returns() -> Result<(), std::num::ParseIntError> {
        "7".parse::<u8>().map(drop)
    }

    /// Calling one test from another is documented as supported.
    #[test]
    #[serial]
    fn calls_others() {
        serial_one();
        is_visible();
    }
}

/// `path => "..."`.
mod attribute_file_serial {
    use serial_test::{file_parallel, file_serial};

    #[test]
    #[file_serial(key)]
    fn serial_one() {}

    #[test]
    #[file_serial(key, path => "/tmp/isolated-serial-test.documented")]
    fn serial_another() {}

    #[test]
    #[file_parallel(key, path => "/tmp/isolated-serial-test.documented")]
    fn parallel_one() {}

    #[test]
    #[file_parallel]
    fn parallel_two() {}
}
