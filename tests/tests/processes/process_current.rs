//! How a test in a subprocess uses what its parent holds for it.

#![cfg(any(target_os = "linux", windows))]

#[cfg(unix)]
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use isolated_test::{ErrorKind, Key, Port, TmpDir, current, isolated, try_current};
use isolated_test_tests::{State, plain};

const NOTHING: [PathBuf; 0] = [];

mod inner {
    use std::fs;

    use isolated_test::{Key, Port, TmpDir, isolated};
    use isolated_test_tests::gate::pass;
    use isolated_test_tests::say;

    #[isolated(process, tmpdir, keep = tmpdir(keep = "never"), close = tmpdir(keep = "always"))]
    #[test]
    #[ignore = "started by another test"]
    fn keeps_and_closes(tmpdir: &TmpDir, keep: &TmpDir, close: &TmpDir) {
        for dir in [tmpdir, keep, close] {
            fs::write(dir.join("file"), "text").unwrap();
        }
        say(&format!("tmpdir {}", tmpdir.display()));
        say(&format!("kept {}", keep.display()));
        say(&format!("closed {}", close.display()));
        keep.keep();
        close.close().unwrap();
        assert!(!close.path().exists(), "it is gone at once");
        close.close().unwrap();
        assert!(tmpdir.is_dir() && keep.is_dir());
    }

    #[isolated(process, tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn keeps_its_only_one_and_fails(tmpdir: &TmpDir) {
        say(&format!("tmpdir {}", tmpdir.display()));
        panic!("on purpose");
    }

    #[isolated(process, port)]
    #[test]
    #[ignore = "started by another test"]
    fn releases_its_port(port: &Port) {
        say(&format!("held {port}"));
        pass("release");
        assert_eq!(port.release(), port.number());
        say("released");
        pass("end");
    }

    #[isolated(process, serial = "held")]
    #[test]
    #[ignore = "started by another test"]
    fn locks_by_hand() {
        let guard = Key::new("other").lock().unwrap();
        say("locked");
        pass("release");
        drop(guard);
        say("released");
        pass("end");
    }

    #[isolated(serial = "other")]
    #[test]
    #[ignore = "started by another test"]
    fn wants_the_other() {
        say("has");
    }

    #[isolated(serial = "held")]
    #[test]
    #[ignore = "started by another test"]
    fn wants_the_held() {
        say("has");
    }
}

#[test]
fn a_directory_is_kept_or_removed_as_the_test_says() {
    let state = State::new();
    let run = state.inner("keeps_and_closes").run().passed();
    let path = |word| Path::new(run.said(word).unwrap());
    assert!(path("kept").join("file").is_file());
    assert!(!path("closed").exists() && !path("tmpdir").exists());
    assert_eq!(run.errors, "");
}

#[test]
fn a_directory_is_kept_after_a_failure() {
    let state = State::new();
    let run = state.inner("keeps_its_only_one_and_fails").run().failed();
    assert!(Path::new(run.said("tmpdir").unwrap()).is_dir());
}

#[test]
fn a_released_port_is_free_for_those_who_set_no_option() {
    let state = State::new();
    let (mut release, mut end) = (state.gate("release"), state.gate("end"));
    let mut inner = state.inner("releases_its_port").start();
    let port = inner.hear("held").parse().unwrap();
    #[cfg(unix)] // On Windows, a lock file holds it, which nobody outside knows.
    plain::listen(port).unwrap_err();
    release.open();
    inner.hear("released");
    drop(plain::listen_when_free(port));
    end.open();
    let _ = inner.finish().passed();
}

#[test]
fn a_lock_by_hand_is_seen_by_other_processes() {
    let state = State::new();
    let (mut release, mut end) = (state.gate("release"), state.gate("end"));
    let mut inner = state.inner("locks_by_hand").start();
    inner.hear("locked");
    let mut other = state.inner("wants_the_other").start();
    let line = other.hear_error("waiting for serial \"other\"");
    // On Windows, a locked file cannot be read.
    assert!(
        cfg!(windows) || line.contains("processes::process_current::inner::locks_by_hand"),
        "{line}"
    );
    release.open();
    inner.hear("released");
    other.hear("has");
    let _ = other.finish().passed();
    let mut held = state.inner("wants_the_held").start();
    held.hear_error("waiting for serial \"held\"");
    end.open();
    held.hear("has");
    let _ = (inner.finish().passed(), held.finish().passed());
    assert_eq!(state.runs(), NOTHING);
}

#[isolated(
    timeout = "30s",
    serial = "process current m",
    shared = "process current s"
)]
#[test]
fn a_key_that_the_parent_holds_counts_as_held() {
    let error = Key::new("process current m").lock().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockHeld);
    let error = Key::new("process current s").lock_shared().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockHeld);
    let error = Key::new("process current a").lock().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockOrder);
    drop(Key::new("process current z").lock().unwrap());
    assert!(Key::new("process current m").try_lock().unwrap().is_none());
}

#[isolated(
    serial = "process current nested",
    shared = "process current too",
    test_attribute = "called by a test"
)]
fn is_called_by_another_test() {
    assert!(current().name().starts_with("processes::process_current::"));
}

#[isolated(timeout = "30s", serial = ["process current nested", "process current too"])]
#[test]
fn a_test_that_is_called_is_inside_its_locks_already() {
    is_called_by_another_test();
}

#[isolated(timeout = "30s", alone)]
#[test]
fn a_test_that_is_alone_may_lock() {
    drop(Key::new("process current alone").lock().unwrap());
}

#[isolated(process, port, tmpdir, namespace, seed)]
#[test]
fn threads_get_a_handle(port: &Port, tmpdir: &TmpDir, namespace: &str, seed: u64) {
    let handle = current().handle();
    let name = current().name().to_owned();
    let thread = std::thread::spawn(move || {
        assert!(try_current().is_none());
        let _entered = handle.enter();
        let current = current();
        assert_eq!(current.name(), name);
        (
            current.port(),
            current.tmpdir(),
            current.namespace(),
            current.seed(),
        )
    });
    let seen = thread.join().unwrap();
    assert_eq!((seen.0.number(), seen.3), (port.number(), seed));
    assert_eq!((seen.1.path(), seen.2.as_str()), (tmpdir.path(), namespace));
    seen.1.close().unwrap();
    assert!(!tmpdir.exists());
}

#[cfg(unix)] // On Windows, nothing but a lock file and the choice of a number keep others away.
#[isolated(process, nodes = port(count = 2))]
#[test]
fn each_of_several_ports_is_released_by_itself(nodes: [Port; 2]) {
    nodes[1].release();
    drop(plain::listen_when_free(nodes[1].number()));
    plain::listen(nodes[0].number()).unwrap_err();
    drop(TcpListener::bind(("127.0.0.1", nodes[0].number())).unwrap());
}

#[cfg(unix)]
#[isolated(process, tmpdir)]
#[test]
fn a_forked_copy_of_the_test_has_nothing_to_say(tmpdir: &TmpDir) {
    plain::fork_and_exit().unwrap();
    assert!(tmpdir.is_dir());
    drop(Key::new("process current forked").lock().unwrap());
}
