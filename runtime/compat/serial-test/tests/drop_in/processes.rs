//! Tests in processes of their own, as nextest runs them.

use isolated_test::Key;
use isolated_test_tests::State;

mod inner {
    use isolated_test_tests::hold;
    use serial_test::{file_parallel, file_serial, parallel, serial};

    #[test]
    #[ignore = "started by another test"]
    #[serial]
    fn plain() {
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    #[serial(a)]
    fn a() {
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    #[serial(b)]
    fn b() {
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    #[serial(a, b)]
    fn both() {
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    #[parallel(a)]
    fn reads_a() {
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    #[file_serial(a)]
    fn file_a() {
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    #[file_parallel(a)]
    fn file_reads_a() {
        hold();
    }

    #[tokio::test]
    #[ignore = "started by another test"]
    #[serial(a)]
    async fn asynchronous() {
        hold();
    }

    #[serial(a)]
    mod module {
        mod nested {
            #[test]
            #[ignore = "started by another test"]
            fn of_a_module() {
                isolated_test_tests::hold();
            }
        }
    }

    #[isolated_test::isolated(serial = super::KEY)]
    #[test]
    #[ignore = "started by another test"]
    fn isolated() {
        hold();
    }

    #[isolated_test::isolated(serial = "a")]
    #[test]
    #[ignore = "started by another test"]
    fn file_isolated() {
        hold();
    }

    /// The expansion of the attribute in a crate that is not the one under test.
    #[test]
    #[ignore = "started by another test"]
    fn helper_of_another_crate() {
        let claims = [serial_test::__private::Claim::Serial("a")];
        let _held = serial_test::__private::here(false, Some("another-package"), &claims);
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    #[serial(a)]
    fn starts_a_test() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["processes::inner::nothing", "--exact", "--ignored"])
            .stdout(std::process::Stdio::null())
            .status();
        assert!(status.unwrap().success());
    }

    #[test]
    #[ignore = "started by another test"]
    #[serial(a)]
    fn nothing() {}

    #[test]
    #[ignore = "started by another test"]
    #[serial(a)]
    #[should_panic]
    #[expect(clippy::should_panic_without_expect, reason = "any panic will do")]
    fn expects_a_panic() {
        panic!("on purpose");
    }

    #[tokio::test]
    #[ignore = "started by another test"]
    #[file_serial(a)]
    #[should_panic]
    #[expect(clippy::should_panic_without_expect, reason = "any panic will do")]
    async fn expects_a_panic_asynchronously() {
        panic!("on purpose");
    }
}

/// The key of `#[serial(a)]`.
const KEY: Key = Key::new("a").scoped(env!("CARGO_PKG_NAME"));

/// Asserts that `second` gets its locks while `first` has its own, or only after it.
#[track_caller]
fn meet(first: &str, second: &str, together: bool) {
    let state = State::new();
    let one = state.holding(first);
    if together {
        state.holding(second).release();
        one.release();
    } else {
        let mut other = state.waiting(second);
        assert!(!other.has_said("held"));
        one.release();
        other.hear("held");
        other.release();
    }
}

#[test]
fn tests_with_one_key_take_turns() {
    meet("plain", "plain", false);
    meet("a", "a", false);
    meet("a", "both", false);
    meet("both", "b", false);
    meet("a", "asynchronous", false);
    meet("asynchronous", "module::nested::of_a_module", false);
    meet("file_a", "file_a", false);
}

#[test]
fn parallel_tests_exclude_serial_ones_with_their_key_only() {
    meet("reads_a", "reads_a", true);
    meet("reads_a", "a", false);
    meet("both", "reads_a", false);
    meet("reads_a", "b", true);
    meet("reads_a", "plain", true);
    meet("file_reads_a", "file_a", false);
    meet("file_reads_a", "file_reads_a", true);
}

#[test]
fn tests_with_different_keys_run_together() {
    meet("plain", "a", true);
    meet("a", "b", true);
    meet("a", "file_a", true);
}

/// So tests can be changed one at a time.
#[test]
fn the_attribute_of_isolated_test_has_the_same_keys() {
    meet("a", "isolated", false);
    meet("isolated", "reads_a", false);
    meet("file_a", "file_isolated", false);
    meet("a", "file_isolated", true);
}

#[test]
fn a_process_has_the_keys_of_the_package_under_test() {
    const PACKAGE: &str = "CARGO_PKG_NAME";

    let state = State::new();
    // The crate under test knows its package, whatever a parent has left in the variable.
    let mut holder = state.inner("a").env(PACKAGE, "another-package").start();
    holder.hear("held");
    let helper = state.inner("helper_of_another_crate");
    let mut helper = helper.env(PACKAGE, env!("CARGO_PKG_NAME")).start();
    helper.hear_error("waiting for serial \"a\" of \"isolated-serial-test\"");
    holder.release();
    helper.hear("held");
    helper.release();
}

/// As in `serial_test`, whose locks the other process does not see.
#[cfg(target_os = "linux")]
#[test]
fn a_program_that_a_serial_test_starts_may_run_a_serial_test() {
    let state = State::new();
    let run = state
        .inner("starts_a_test")
        .env("ISOLATED_LOCK_TIMEOUT", "20s");
    run.run().passed();
}

#[test]
fn a_wait_names_the_key_the_package_and_the_place() {
    let state = State::new();
    let holder = state.holding("a");
    let mut waiter = state.inner("a").start();
    let line = waiter.hear_error("waiting for");
    let key = "waiting for serial \"a\" of \"isolated-serial-test\", held by drop_in";
    assert!(line.contains(key), "{line}");
    assert!(line.contains("processes.rs:"), "{line}");
    holder.release();
    waiter.hear("held");
    waiter.release();
}

/// In `serial_test` a reader that is killed counts for ever.
#[test]
fn a_reader_that_is_killed_holds_nothing() {
    let state = State::new();
    let mut reader = state.holding("file_reads_a");
    reader.kill();
    state.holding("file_a").release();
}

/// A test that gets no lock has not panicked as expected.
#[test]
fn a_test_that_expects_a_panic_does_not_pass_without_its_lock() {
    for (holder, test) in [
        ("a", "expects_a_panic"),
        ("file_a", "expects_a_panic_asynchronously"),
    ] {
        let state = State::new();
        let holder = state.holding(holder);
        let run = state
            .inner(test)
            .env("ISOLATED_LOCK_TIMEOUT", "300ms")
            .run();
        let run = run.failed();
        assert!(run.errors.contains("serial \"a\""), "{}", run.errors);
        holder.release();
        state.inner(test).run().passed();
    }
}
