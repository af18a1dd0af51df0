//! Other test attributes above and below.

use std::sync::atomic::{AtomicBool, Ordering};

use rstest::{fixture, rstest};
use serial_test::{is_locked_serially, serial};
use test_case::test_case;
use test_context::{TestContext, test_context};

fn is_held() -> bool {
    is_locked_serially(Some("harnesses"))
}

#[fixture]
fn is_held_in_fixture() -> bool {
    is_held()
}

#[rstest]
#[case(1)]
#[case(2)]
#[serial(harnesses)]
fn below_rstest(#[case] number: u8, is_held_in_fixture: bool) {
    assert!(number > 0 && is_held() && is_held_in_fixture);
}

#[serial(harnesses)]
#[rstest]
#[case(1)]
#[case(2)]
fn above_rstest(#[case] number: u8, is_held_in_fixture: bool) {
    assert!(number > 0 && is_held() && is_held_in_fixture);
}

#[rstest]
#[tokio::test]
#[serial(harnesses)]
async fn below_rstest_and_tokio(#[values(1, 2)] number: u8) {
    tokio::task::yield_now().await;
    assert!(number > 0 && is_held());
}

#[serial(harnesses)]
#[rstest]
#[tokio::test]
async fn above_rstest_and_tokio(#[values(1, 2)] number: u8, is_held_in_fixture: bool) {
    tokio::task::yield_now().await;
    assert!(number > 0 && is_held() && is_held_in_fixture);
}

#[test_case(1)]
#[test_case(2; "named")]
#[test_case(3 => panics "on purpose")]
#[serial(harnesses)]
fn below_test_case(number: u8) {
    assert!(is_held());
    assert_ne!(number, 3, "on purpose");
}

#[serial(harnesses)]
#[test_case(1 => 2)]
#[test_case(2 => 3)]
fn above_test_case(number: u8) -> u8 {
    assert!(is_held());
    number + 1
}

struct Context {
    was_held: bool,
}

static WAS_TORN_DOWN_UNDER_THE_LOCK: AtomicBool = AtomicBool::new(false);

impl TestContext for Context {
    fn setup() -> Self {
        Context {
            was_held: is_held(),
        }
    }

    fn teardown(self) {
        WAS_TORN_DOWN_UNDER_THE_LOCK.store(is_held(), Ordering::Relaxed);
    }
}

#[test_context(Context)]
#[test]
#[serial(harnesses)]
fn below_test_context(context: &mut Context) {
    assert!(context.was_held && is_held());
}

#[serial(harnesses)]
#[test_context(Context)]
#[test]
fn above_test_context(context: &mut Context) {
    assert!(context.was_held && is_held());
}

#[test]
fn test_context_tears_down_under_the_lock() {
    for test in [below_test_context, above_test_context] {
        WAS_TORN_DOWN_UNDER_THE_LOCK.store(false, Ordering::Relaxed);
        test();
        assert!(WAS_TORN_DOWN_UNDER_THE_LOCK.load(Ordering::Relaxed));
    }
}

#[serial(harnesses)]
#[test]
fn above_test() {
    assert!(is_held());
}

#[should_panic = "on purpose"]
#[serial(harnesses)]
#[test]
fn between() {
    assert!(is_held());
    panic!("on purpose");
}

/// The attributes of isolated-test can be added to a test that has ours.
mod isolated {
    use std::path::Path;

    use isolated_test::{Key, current, isolated};
    use serial_test::{file_serial, is_locked_file_serially, is_locked_serially, parallel, serial};

    use super::is_held;

    #[isolated(tmpdir, serial = "harnesses beside")]
    #[test]
    #[serial(harnesses)]
    fn below(tmpdir: &Path) {
        assert!(tmpdir.is_dir() && is_held());
        assert_eq!(current().tmpdir().path(), tmpdir);
    }

    #[serial(harnesses)]
    #[isolated(tmpdir)]
    #[test]
    fn above(tmpdir: &Path) -> std::io::Result<()> {
        assert!(is_held());
        std::fs::write(tmpdir.join("out"), "text")
    }

    #[isolated(tmpdir)]
    #[tokio::test]
    #[serial(harnesses)]
    async fn below_an_asynchronous_one(tmpdir: &Path) {
        tokio::task::yield_now().await;
        assert!(tmpdir.is_dir() && is_held());
    }

    #[isolated(tmpdir)]
    #[rstest::rstest]
    #[case(1)]
    #[serial(harnesses)]
    fn below_cases(tmpdir: &Path, #[case] number: u8) {
        assert!(tmpdir.is_dir() && is_held() && number == 1);
    }

    /// The lock is taken in the process of the test, or the two would wait for each other.
    #[isolated(process)]
    #[test]
    #[file_serial(harnesses_process)]
    #[parallel(harnesses_process)]
    fn below_in_a_process() {
        assert!(is_locked_file_serially(Some("harnesses_process"), None));
    }

    #[isolated(process)]
    #[tokio::test]
    #[serial(harnesses_process)]
    #[should_panic(expected = "on purpose")]
    async fn below_an_asynchronous_one_in_a_process() {
        assert!(is_locked_serially(Some("harnesses_process")));
        panic!("on purpose");
    }

    #[isolated(tmpdir)]
    #[serial(harnesses)]
    mod module {
        #[test]
        fn both(tmpdir: &std::path::Path) {
            assert!(tmpdir.is_dir() && super::is_held());
        }
    }

    /// The key that both may write.
    const KEY: Key = Key::new("harnesses_key").scoped(env!("CARGO_PKG_NAME"));

    #[isolated(serial = KEY)]
    #[test]
    fn holds_the_key_that_a_helper_wants() {
        #[serial(harnesses_key)]
        fn helper() {}

        helper();
    }

    #[isolated(shared = KEY)]
    #[test]
    #[should_panic(expected = "which never becomes stronger while it is held")]
    fn holds_it_more_weakly() {
        #[serial(harnesses_key)]
        fn helper() {}

        helper();
    }

    /// Both keys are taken by others too, so that the helper has to wait.
    #[test]
    fn a_helper_waits_for_a_key_that_comes_before_that_of_its_test() {
        #[isolated(serial = "z", test_attribute = "called by the test")]
        fn isolated_function() {
            first();
        }

        #[serial(harnesses_first)]
        fn first() {
            super::ROOM.be_alone();
        }

        crate::meeting::crowd(&[isolated_function, first, first]);
    }
}

static ROOM: crate::meeting::Room = crate::meeting::Room::new();
