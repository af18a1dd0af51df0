//! A thread that provisions while another one ends the process.

#![cfg(target_os = "linux")]
#![expect(
    unsafe_code,
    reason = "only the C library runs something at the exit of a process"
)]

use std::sync::{Condvar, Mutex};

use isolated_test_tests::State;

mod inner {
    use std::process::exit;
    use std::thread;

    use isolated_test::{BoxError, Reclaim, current, isolated};
    use isolated_test_tests::say;

    use super::{STEP, advance, wait_for};

    struct Database;

    impl Reclaim for Database {
        const KIND: &'static str = "test-database-at-exit";

        fn reclaim(_: &str) -> Result<(), BoxError> {
            Ok(())
        }
    }

    /// Records something when the record of the process is already removed.
    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn records_while_the_process_exits() {
        *STEP.0.lock().unwrap() = Some(0);
        thread::spawn(|| exit(0));
        wait_for(1);
        let recorded = current().reclaim_after_crash::<Database>("database");
        say(&format!("recorded {recorded:?}"));
        advance(2);
        thread::park();
    }
}

/// The steps of the inner test, once it has begun.
static STEP: (Mutex<Option<u32>>, Condvar) = (Mutex::new(None), Condvar::new());

fn wait_for(step: u32) {
    let now = STEP.0.lock().unwrap();
    drop(STEP.1.wait_while(now, |now| *now != Some(step)).unwrap());
}

fn advance(step: u32) {
    *STEP.0.lock().unwrap() = Some(step);
    STEP.1.notify_all();
}

/// Registered before every other one, so that it runs last.
extern "C" fn at_exit() {
    if STEP.0.lock().unwrap().is_some() {
        advance(1);
        wait_for(2);
    }
}

extern "C" fn before_main() {
    // SAFETY: the function has no arguments and does not unwind.
    unsafe { libc::atexit(at_exit) };
}

#[used]
#[unsafe(link_section = ".init_array")]
static INITIALISER: extern "C" fn() = before_main;

#[test]
fn nothing_is_recorded_when_nobody_would_find_it() {
    let state = State::new();
    let run = state.inner("records_while_the_process_exits").run();
    let recorded = run.said("recorded").unwrap();
    assert!(recorded.contains("the process is exiting"), "{recorded}");
}
