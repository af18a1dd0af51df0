//! Tests that would interfere with each other in one process and one network, all at once.

#![cfg(target_os = "linux")]

use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use isolated_test::{TmpDir, isolated};
use isolated_test_tests::refusal::networks_are_refused;
use isolated_test_tests::{Finished, State, is_root};
use rstest::rstest;

/// Number of tests in one run.
const TESTS: usize = 64;

mod inner {
    use std::path::Path;

    use isolated_test::{TmpDir, isolated};
    use isolated_test_tests::is_root;
    use rstest::rstest;

    #[isolated(network, env(WHO = format!("{tens}{ones}"), USER_IS_ROOT = is_root()), cwd, tmpdir)]
    #[rstest]
    #[ignore = "started by another test"]
    fn has_everything_to_itself(
        #[values(0, 1, 2, 3, 4, 5, 6, 7)] tens: u32,
        #[values(0, 1, 2, 3, 4, 5, 6, 7)] ones: u32,
        tmpdir: &TmpDir,
    ) {
        assert_eq!(
            std::env::var("USER_IS_ROOT").unwrap(),
            is_root().to_string()
        );
        super::change_everything(&format!("{tens}{ones}"), tmpdir);
        assert!(Path::new("file").is_file());
    }
}

/// Changes process-wide state, and binds a well-known port.
fn change_everything(who: &str, tmpdir: &TmpDir) {
    assert_eq!(std::env::var("WHO").unwrap(), who);
    let dir = tmpdir.canonicalize().unwrap();
    assert_eq!(std::env::current_dir().unwrap(), dir);
    let listeners = ["127.0.0.1:8080", "[::1]:8080"].map(std::net::TcpListener::bind);
    std::fs::create_dir(who).unwrap();
    std::env::set_current_dir(who).unwrap();
    std::fs::write("file", who).unwrap();
    // Let the others run.
    for _ in 0..16 {
        std::thread::yield_now();
        assert_eq!(std::env::current_dir().unwrap(), dir.join(who));
        assert_eq!(std::env::var("WHO").unwrap(), who);
    }
    assert_eq!(
        std::fs::read_to_string(dir.join(who).join("file")).unwrap(),
        who
    );
    for listener in listeners {
        drop(listener.unwrap());
    }
}

#[track_caller]
fn all_passed(run: &Finished, state: &State) {
    assert!(
        run.status.success() && run.output.contains(&format!("{TESTS} passed; 0 failed")),
        "{}\n{}",
        run.output,
        run.errors
    );
    assert_eq!(run.errors, "");
    assert_eq!(state.processes(), []);
    assert_eq!(state.runs(), [] as [PathBuf; 0]);
}

#[test]
fn many_tests_pass_at_once() {
    if networks_are_refused() {
        return;
    }
    let state = State::new();
    all_passed(&state.inner("").all(16).run(), &state);
}

#[test]
fn many_tests_of_an_ordinary_user_pass_at_once() {
    if networks_are_refused() {
        return;
    }
    let state = State::new();
    let inner = state.inner_as_nobody("").all(16);
    let inner = inner.with(|command| {
        if is_root() {
            command.uid(65534).gid(65534);
        }
    });
    all_passed(&inner.run(), &state);
}

#[isolated(network(or = "serial"), env(WHO = who), cwd, tmpdir)]
#[rstest]
fn the_suite_has_some_too(
    #[values("one", "two", "three", "four", "five", "six", "seven", "eight")] who: &str,
    tmpdir: &TmpDir,
) {
    change_everything(who, tmpdir);
}
