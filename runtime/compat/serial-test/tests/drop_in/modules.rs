//! The attributes on modules.

use serial_test::{is_locked_serially, parallel, serial};

use crate::meeting::{Room, crowd};

fn is_held() -> bool {
    is_locked_serially(Some("modules"))
}

#[serial(modules)]
mod outer {
    //! A module may have inner attributes.
    #![expect(
        dead_code,
        unused_braces,
        reason = "items of all kinds, for the scanner of modules"
    )]

    use std::{fmt, mem};

    use super::is_held;

    const NUMBER: usize = { 7 };
    static TEXT: &str = "{ }";

    type Pair = (u8, u8);

    struct Unit;

    struct Named {
        field: [u8; { NUMBER }],
    }

    impl fmt::Display for Named {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "{}", self.field.len())
        }
    }

    macro_rules! nothing {
        () => {};
    }

    nothing!();
    nothing! {}

    const fn constant() -> usize {
        NUMBER
    }

    extern "C" fn foreign() {}

    fn is_no_test() -> bool {
        is_held()
    }

    #[test]
    fn has_the_lock() {
        assert!(is_held() && is_no_test());
        assert_eq!(Named { field: [0; NUMBER] }.to_string(), "7");
        let _ = mem::size_of::<Pair>();
    }

    #[test]
    fn helpers_have_none() {
        assert!(!std::thread::spawn(is_no_test).join().unwrap());
    }

    #[tokio::test]
    async fn has_the_lock_asynchronously() -> Result<(), String> {
        tokio::task::yield_now().await;
        is_held().then_some(()).ok_or_else(|| TEXT.to_owned())
    }

    #[test]
    #[should_panic = "on purpose"]
    fn has_the_lock_and_panics() {
        assert!(is_held());
        panic!("on purpose");
    }

    #[cfg_attr(all(), test)]
    fn has_the_lock_under_a_condition() {
        assert!(is_held());
    }

    #[rstest::rstest]
    #[case(7)]
    fn has_the_lock_in_each_case(#[case] number: u8) {
        assert!(is_held() && number == 7);
    }

    pub(super) mod inner {
        use super::is_held;

        #[test]
        pub(crate) fn has_the_lock_too() {
            assert!(is_held());
        }

        mod innermost {
            #[test]
            fn has_the_lock_too() {
                assert!(super::is_held());
            }
        }
    }

    #[test]
    fn last() {
        assert!(is_held());
    }
}

#[parallel(modules)]
mod of_parallel_tests {
    #[test]
    fn is_not_serial() {
        assert!(!super::is_held());
    }

    #[test]
    #[serial_test::serial(modules)]
    fn its_own_attribute_counts_too() {
        assert!(super::is_held());
    }
}

#[serial(modules)]
#[serial(modules_other)]
mod stacked {
    #[test]
    fn has_both_locks() {
        assert!(super::is_held() && super::is_locked_serially(Some("modules_other")));
    }

    #[test]
    #[super::serial(modules_third)]
    fn has_three() {
        assert!(super::is_held() && super::is_locked_serially(Some("modules_third")));
    }
}

static ROOM: Room = Room::new();

#[serial(modules_meet)]
mod meets {
    use super::ROOM;

    #[test]
    pub(super) fn one() {
        ROOM.be_alone();
    }

    #[test]
    pub(super) fn another() {
        ROOM.be_alone();
    }
}

#[test]
fn the_tests_of_a_module_never_meet() {
    crowd(&[meets::one, meets::another, meets::one]);
}
