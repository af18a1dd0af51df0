//! `tmpdir`: removed at the end of the test, at the end of its process, or by the next one.

#![cfg(any(target_os = "linux", windows))]

#[cfg(unix)]
use std::fs;
use std::path::{Path, PathBuf};

use isolated_test_tests::{Finished, State};

const NOTHING: [PathBuf; 0] = [];

mod inner {
    use std::fs;
    #[cfg(unix)]
    use std::os::unix::fs::PermissionsExt;
    #[cfg(unix)]
    use std::path::Path;

    use isolated_test::{TmpDir, isolated};
    use isolated_test_tests::{listen, say};

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn passes(tmpdir: &TmpDir) {
        fs::write(tmpdir.join("evidence"), "here").unwrap();
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn closes(tmpdir: &TmpDir) {
        fs::create_dir(tmpdir.join("sub")).unwrap();
        tmpdir.close().unwrap();
        assert!(!tmpdir.exists());
        tmpdir.clone().close().unwrap();
        say(&format!("path {}", tmpdir.display()));
        assert!(std::env::var_os("FAIL").is_none(), "on purpose");
    }

    #[isolated(tmpdir)]
    #[test]
    #[should_panic(expected = "as expected")]
    #[ignore = "started by another test"]
    fn panics_as_expected(tmpdir: &TmpDir) {
        say(&format!("path {}", tmpdir.display()));
        panic!("as expected");
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn waits(tmpdir: &TmpDir) {
        fs::write(tmpdir.join("evidence"), "here").unwrap();
        say(&format!("path {}", tmpdir.display()));
        listen("end");
        assert_eq!(fs::read_to_string(tmpdir.join("evidence")).unwrap(), "here");
    }

    #[cfg(unix)]
    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn exits(tmpdir: &TmpDir) {
        say(&format!("path {}", tmpdir.display()));
        std::process::exit(0);
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn aborts(tmpdir: &TmpDir) {
        say(&format!("path {}", tmpdir.display()));
        std::process::abort();
    }

    #[cfg(unix)]
    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn locks_itself_out(tmpdir: &TmpDir) {
        let deepest = tmpdir.join("a/b/c");
        fs::create_dir_all(&deepest).unwrap();
        let mut dir: &Path = &deepest;
        loop {
            fs::write(dir.join("file"), "text").unwrap();
            fs::set_permissions(dir.join("file"), fs::Permissions::from_mode(0o000)).unwrap();
            fs::set_permissions(dir, fs::Permissions::from_mode(0o000)).unwrap();
            if dir == tmpdir.path() {
                break;
            }
            dir = dir.parent().unwrap();
        }
        let is_root = fs::read_dir(tmpdir).is_ok();
        say(if is_root { "ready as-root" } else { "ready" });
        listen("end");
    }

    #[cfg(unix)]
    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn writes_where_the_state_directory_was(tmpdir: &TmpDir) {
        fs::write(tmpdir.join("before"), "").unwrap();
        say("ready");
        listen("gone");
        assert!(!tmpdir.exists());
        takes_everything();
        takes_everything();
    }

    #[cfg(unix)]
    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn goes_on_where_the_record_was(tmpdir: &TmpDir) {
        say("ready");
        listen("gone");
        assert!(!tmpdir.exists());
        has_a_record();
    }

    #[cfg(unix)]
    #[isolated(tmpdir)]
    #[test]
    #[ignore = "called by another test"]
    fn has_a_record(tmpdir: &TmpDir) {
        let record = tmpdir.parent().unwrap().with_extension("isolated-test");
        assert!(record.exists(), "nobody would sweep {}", tmpdir.display());
    }

    #[cfg(unix)]
    #[isolated(tmpdir, port, serial = "inner", shared = "other")]
    #[test]
    #[ignore = "called by another test"]
    fn takes_everything(tmpdir: &TmpDir, port: u16) {
        fs::write(tmpdir.join("after"), port.to_string()).unwrap();
    }
}

fn path_of(run: &Finished) -> &Path {
    Path::new(run.said("path").expect("a path"))
}

#[test]
fn a_closed_directory_is_gone_at_once_and_may_be_closed_again() {
    let state = State::new();
    let _ = state.inner("closes").run().passed();
    assert_eq!(state.runs(), NOTHING);
}

#[test]
fn a_closed_directory_is_not_said_to_be_kept() {
    let run = State::new().inner("closes").env("FAIL", "1").run().failed();
    assert!(!path_of(&run).exists());
    assert!(!run.errors.contains("(kept)"), "{}", run.errors);
}

#[test]
fn an_expected_panic_keeps_nothing() {
    let state = State::new();
    let run = state.inner("panics_as_expected").run().passed();
    assert!(!path_of(&run).exists());
    assert_eq!(state.runs(), NOTHING);
}

#[cfg(unix)] // Windows has no exit handler for Rust programs.
#[test]
fn a_directory_is_gone_when_the_test_exits_the_process() {
    let state = State::new();
    let run = state.inner("exits").run();
    assert!(run.status.success() && !path_of(&run).exists());
    assert_eq!(state.runs(), NOTHING);
}

#[test]
fn the_next_run_removes_what_an_aborted_one_left() {
    let state = State::new();
    let run = state.inner("aborts").run();
    assert!(!run.status.success(), "{}", run.errors);
    assert!(path_of(&run).exists());
    let _ = state.inner("passes").run().passed();
    assert_eq!(state.runs(), NOTHING);
}

#[cfg(unix)]
#[test]
fn a_tree_without_permissions_is_removed() {
    let state = State::new();
    let mut inner = state.inner_as_nobody("locks_itself_out").start();
    assert_eq!(inner.hear("ready"), "", "modes mean nothing to root");
    inner.tell("end");
    let _ = inner.finish().passed();
    assert_eq!(state.runs(), NOTHING);
}

#[cfg(unix)]
#[test]
fn a_tree_without_permissions_is_swept_after_a_kill() {
    let state = State::new();
    let mut inner = state.inner_as_nobody("locks_itself_out").start();
    assert_eq!(inner.hear("ready"), "", "modes mean nothing to root");
    inner.kill();
    assert_ne!(state.runs(), NOTHING);
    let _ = state.inner_as_nobody("passes").run().passed();
    assert_eq!(state.runs(), NOTHING);
}

#[test]
fn a_killed_process_leaves_a_directory_for_the_next_run_to_remove() {
    let state = State::new();
    let mut inner = state.inner("waits").start();
    let path = PathBuf::from(inner.hear("path"));
    inner.kill();
    assert!(path.join("evidence").is_file());
    let _ = state.inner("passes").run().passed();
    assert_eq!(state.runs(), NOTHING);
}

#[cfg(unix)] // On Windows, a file that is locked cannot be removed.
#[test]
fn a_state_directory_that_is_removed_under_a_test_is_made_again() {
    let state = State::new();
    let mut inner = state.inner("writes_where_the_state_directory_was").start();
    inner.hear("ready");
    fs::remove_dir_all(state.path()).unwrap();
    inner.tell("gone");
    let _ = inner.finish().passed();
    assert_eq!(state.runs(), NOTHING);
}

#[cfg(unix)] // As above.
#[test]
fn a_directory_is_made_only_where_its_record_stands() {
    let state = State::new();
    let mut inner = state.inner("goes_on_where_the_record_was").start();
    inner.hear("ready");
    let runs = state.path().join("runs");
    fs::remove_dir_all(&runs).unwrap();
    fs::create_dir(&runs).unwrap();
    inner.tell("gone");
    let _ = inner.finish().passed();
    assert_eq!(state.runs(), NOTHING);
}
