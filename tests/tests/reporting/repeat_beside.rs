//! Repeated tests beside others, and repeated tests whose process is killed.

#![cfg(any(target_os = "linux", windows))]

use std::path::PathBuf;

use isolated_test_tests::State;

const NOTHING: [PathBuf; 0] = [];

mod inner {
    use std::sync::atomic::{AtomicBool, Ordering};

    use isolated_test::{Key, TmpDir, isolated};
    use isolated_test_tests::{ends, listen, say};

    /// Whether this is the first run in this process.
    fn is_first() -> bool {
        static HAS_RUN: AtomicBool = AtomicBool::new(false);

        !HAS_RUN.swap(true, Ordering::Relaxed)
    }

    #[isolated(serial = "repeat")]
    #[test]
    #[ignore = "started by another test"]
    fn takes_turns() {
        if is_first() {
            say("begun");
        }
    }

    #[test]
    #[ignore = "started by another test"]
    fn wants_the_key() {
        drop(Key::new("repeat").lock().unwrap());
        say("had");
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn is_killed(tmpdir: &TmpDir) {
        std::fs::write(tmpdir.join("used"), "").unwrap();
        if !is_first() {
            say("second");
            listen("never");
            ends::stay();
        }
    }
}

#[test]
fn others_get_their_turn_between_two_runs() {
    let state = State::new();
    let mut repeated = state
        .inner("takes_turns")
        .env("ISOLATED_REPEAT", "1000000000")
        .start();
    repeated.hear("begun");
    state.inner("wants_the_key").run().passed();
    assert!(!repeated.has_ended());
    repeated.kill();
}

#[test]
fn a_process_that_is_killed_leaves_one_run_behind_at_most() {
    let state = State::new();
    let mut repeated = state.inner("is_killed").env("ISOLATED_REPEAT", "9").start();
    repeated.hear("second");
    repeated.kill();
    assert_eq!(
        state.runs().iter().filter(|path| path.is_dir()).count(),
        2,
        "the directory of the process, and in it that of the second run"
    );
    state.inner("wants_the_key").run().passed();
    assert_eq!(state.runs(), NOTHING);
}
