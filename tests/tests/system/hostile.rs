//! Hostile environments: each either changes nothing or is explained.

#![cfg(target_os = "linux")]

use std::fs::{self, File, FileTimes, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use isolated_test_tests::{State, plain, tree};

const NOTHING: [PathBuf; 0] = [];

mod inner {
    use isolated_test::{Port, TmpDir, isolated};
    use isolated_test_tests::{listen, say};

    #[isolated(serial = "tcp")]
    #[test]
    #[ignore = "started by another test"]
    fn locks() {
        say("body");
    }

    #[isolated(port)]
    #[test]
    #[ignore = "started by another test"]
    fn takes_a_port(port: &Port) {
        say(&format!("body {port}"));
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn takes_a_directory(tmpdir: &TmpDir) {
        say(&format!("body {}", tmpdir.display()));
    }

    #[isolated(tmpdir, serial = "tcp")]
    #[test]
    #[ignore = "started by another test"]
    fn waits(tmpdir: &TmpDir) {
        std::fs::write(tmpdir.join("evidence"), "here").unwrap();
        say(&format!("path {}", tmpdir.display()));
        listen("end");
        assert_eq!(
            std::fs::read_to_string(tmpdir.join("evidence")).unwrap(),
            "here"
        );
    }
}

#[test]
fn a_state_directory_that_cannot_be_written_is_named() {
    let state = State::new();
    let inner = state.inner_as_nobody("locks");
    fs::set_permissions(state.path(), Permissions::from_mode(0o555)).unwrap();
    let run = inner.run().failed();
    assert_eq!(
        state.complaint(&run),
        "isolated-test: system::hostile::inner::locks: failed to use the state directory `DIR`: \
         Permission denied (os error 13)"
    );
    assert_eq!(run.said("body"), None);
}

#[test]
fn a_state_directory_that_is_a_file_is_named() {
    let state = State::new();
    let file = state.path().join("file");
    fs::write(&file, "text").unwrap();
    let run = state
        .inner("locks")
        .env("ISOLATED_DIR", &file)
        .run()
        .failed();
    assert_eq!(
        state.complaint(&run),
        "isolated-test: system::hostile::inner::locks: failed to use the state directory `DIR/file`: \
         File exists (os error 17)"
    );
    assert_eq!(fs::read_to_string(file).unwrap(), "text");
}

#[test]
fn a_relative_state_directory_is_refused() {
    let state = State::new();
    let run = state
        .inner("locks")
        .env("ISOLATED_DIR", "target/state")
        .run()
        .failed();
    assert_eq!(
        state.complaint(&run),
        "isolated-test: system::hostile::inner::locks: failed to read the variable `ISOLATED_DIR`: found \
         \"target/state\", expected an absolute path"
    );
    assert!(!Path::new("target/state").exists());
}

#[test]
fn a_variable_that_is_none_of_ours_is_refused_with_the_nearest_name() {
    for (name, way_out) in [
        (
            "ISOLATED_RETRY",
            "a similar variable exists: `ISOLATED_RETRIES`",
        ),
        (
            "ISOLATED_TYPO",
            "expected one of `ISOLATED_DIR`, `ISOLATED_FLAKY`, `ISOLATED_KEEP`, \
             `ISOLATED_LINGER`, `ISOLATED_LOCKS`, `ISOLATED_LOCK_TIMEOUT`, `ISOLATED_POSTGRES`, \
             `ISOLATED_POSTGRES_BIN`, `ISOLATED_PROCESS`, `ISOLATED_REPEAT`, `ISOLATED_RETRIES`, \
             `ISOLATED_SEED`, `ISOLATED_TIMEOUT_SCALE`, `ISOLATED_TRACE`, `ISOLATED_WAIT_NOTICE`",
        ),
    ] {
        let state = State::new();
        let run = state.inner("locks").env(name, "1").run().failed();
        assert_eq!(
            state.complaint(&run),
            format!(
                "isolated-test: system::hostile::inner::locks: failed to read the variable `{name}`: it is \
                 unknown; {way_out}"
            )
        );
        assert_eq!(run.said("body"), None);
        let _ = state.inner("locks").env(name, "").run().passed();
    }
}

#[test]
fn a_state_directory_that_is_a_dangling_link_is_named() {
    let state = State::new();
    let link = state.path().join("link");
    symlink(state.path().join("nowhere"), &link).unwrap();
    let run = state
        .inner("locks")
        .env("ISOLATED_DIR", &link)
        .run()
        .failed();
    assert_eq!(
        state.complaint(&run),
        "isolated-test: system::hostile::inner::locks: failed to use the state directory `DIR/link`: \
         File exists (os error 17)"
    );
    assert!(!state.path().join("nowhere").exists());
}

#[test]
fn a_state_directory_behind_a_link_that_the_user_made_is_fine() {
    let state = State::new();
    fs::create_dir(state.path().join("real")).unwrap();
    symlink("real", state.path().join("link")).unwrap();
    let run = state
        .inner("takes_a_directory")
        .env("ISOLATED_DIR", state.path().join("link"))
        .run();
    assert!(run.passed().said("body").is_some());
    assert!(state.path().join("real/locks").is_dir());
}

#[test]
fn a_state_directory_that_is_not_there_is_made_with_its_parents() {
    let state = State::new();
    let _ = state
        .inner("locks")
        .env("ISOLATED_DIR", state.path().join("a/b/c"))
        .run()
        .passed();
    assert!(state.path().join("a/b/c/locks").is_dir());
}

#[test]
fn without_descriptors_each_failure_says_what_could_not_be_done() {
    // Each C library has its own wording.
    let lacking = &io::Error::from_raw_os_error(24).to_string();
    let state = State::new();
    let run = |test: &str, most: u32| {
        state
            .inner(test)
            .with(|command| plain::limit_descriptors(command, most))
            .run()
            .failed()
    };
    // Descriptor 3 is the only one available; a program needs it to load its libraries.
    for (test, what) in [
        ("takes_a_port", "failed to lock `DIR/locks/everyone.turn`"),
        ("locks", "failed to lock `DIR/locks/everyone.turn`"),
    ] {
        let text = state.complaint(&run(test, 4));
        assert_eq!(
            text,
            format!("isolated-test: system::hostile::inner::{test}: {what}: {lacking}")
        );
    }
    // With each further descriptor, a test gets further. It never hangs, and never begins without
    // its locks and resources.
    for (test, enough) in [("takes_a_port", 7), ("locks", 8), ("takes_a_directory", 7)] {
        for most in 4..enough {
            let inner = state
                .inner(test)
                .with(|command| plain::limit_descriptors(command, most));
            let run = inner.run();
            if run.said("body").is_none() {
                let run = run.failed();
                assert!(
                    state.complaint(&run).ends_with(lacking),
                    "{test}, {most}: {}",
                    run.errors
                );
            }
        }
    }
    let _ = state.inner("locks").run().passed();
    assert_eq!(state.runs(), NOTHING);
}

#[test]
fn a_record_that_cannot_be_written_is_no_reason_to_fail() {
    let state = State::new();
    for test in ["locks", "takes_a_port", "takes_a_directory"] {
        let run = state
            .inner(test)
            .with(|command| plain::limit_file_size(command, 0))
            .run();
        assert!(run.passed().said("body").is_some());
    }
    assert_eq!(state.runs(), NOTHING);
}

#[test]
fn a_full_disk_is_no_reason_to_fail_unless_the_test_writes() {
    let state = State::new();
    for test in ["locks", "takes_a_port", "takes_a_directory"] {
        let mut probe = Command::new("true");
        plain::with_full_disk(&mut probe, state.path());
        let is_permitted = probe.status().is_ok_and(|status| status.success());
        if !is_permitted {
            eprintln!("mounting is not permitted here; the size of files is limited instead");
        }
        // The disk is full before the runtime starts, so the state directory is not all of the
        // disk.
        let dir = state.path().join("state");
        let inner = state.inner(test).env("ISOLATED_DIR", dir).with(|command| {
            if is_permitted {
                plain::with_full_disk(command, state.path());
            } else {
                plain::limit_file_size(command, 0);
            }
        });
        assert!(inner.run().passed().said("body").is_some());
    }
}

/// Sets the times of everything in a directory.
fn date(dir: &Path, time: SystemTime) {
    for path in tree(dir) {
        let times = FileTimes::new().set_accessed(time).set_modified(time);
        File::open(path).unwrap().set_times(times).unwrap();
    }
}

#[test]
fn no_clock_has_a_living_process_swept() {
    let state = State::new();
    let mut living = state.inner("waits").start();
    let path = PathBuf::from(living.hear("path"));
    let mut dead = state
        .inner("takes_a_directory")
        .env("ISOLATED_KEEP", "always")
        .start();
    let kept = PathBuf::from(dead.hear("body"));
    let _ = dead.finish().passed();
    // With 32-bit times, the kernel cannot report later ones.
    let late = if cfg!(target_pointer_width = "32") {
        60
    } else {
        130
    };
    for years in [0, late] {
        date(
            state.path(),
            UNIX_EPOCH + Duration::from_secs(years * 365 * 24 * 3600),
        );
        let _ = state.inner("takes_a_directory").run().passed();
        assert!(path.join("evidence").is_file() && kept.is_dir());
    }
    living.tell("end");
    let _ = living.finish().passed();
    assert!(!path.exists() && kept.is_dir());
}

#[test]
fn a_lock_that_is_a_link_is_refused_and_its_target_untouched() {
    for name in ["k-tcp", "k-tcp.turn"] {
        for target_exists in [true, false] {
            let state = State::new();
            let target = state.path().join("victim");
            if target_exists {
                fs::write(&target, "precious").unwrap();
            }
            fs::create_dir(state.path().join("locks")).unwrap();
            symlink(&target, state.path().join("locks").join(name)).unwrap();
            let run = state.inner("locks").run().failed();
            assert_eq!(
                state.complaint(&run),
                format!(
                    "isolated-test: system::hostile::inner::locks: failed to lock `DIR/locks/{name}`: \
                     {}",
                    io::Error::from_raw_os_error(40)
                )
            );
            assert_eq!(run.said("body"), None);
            assert_eq!(target.exists(), target_exists);
            if target_exists {
                assert_eq!(fs::read_to_string(target).unwrap(), "precious");
            }
        }
    }
}

/// Makes a directory of somebody else, which we must not change, and returns its contents.
fn victim(state: &State) -> (PathBuf, Vec<PathBuf>) {
    let dir = state.path().join("victim");
    fs::create_dir_all(dir.join("deep")).unwrap();
    fs::write(dir.join("precious"), "text").unwrap();
    fs::write(dir.join("deep/precious"), "text").unwrap();
    // They look like markers of kept directories, one of which is gone.
    fs::write(dir.join("deep.kept"), "text").unwrap();
    fs::write(dir.join("gone.kept"), "text").unwrap();
    let all = tree(&dir);
    (dir, all)
}

#[test]
fn a_link_in_place_of_a_record_is_not_followed() {
    let state = State::new();
    let (dir, all) = victim(&state);
    fs::create_dir(state.path().join("runs")).unwrap();
    symlink(
        dir.join("precious"),
        state.path().join("runs/plante.isolated-test"),
    )
    .unwrap();
    symlink(
        dir.join("missing"),
        state.path().join("runs/missin.isolated-test"),
    )
    .unwrap();
    let _ = state.inner("takes_a_directory").run().passed();
    assert_eq!(tree(&dir), all);
    assert_eq!(fs::read_to_string(dir.join("precious")).unwrap(), "text");
}

#[test]
fn a_link_in_place_of_the_directory_of_a_dead_process_is_not_followed() {
    let state = State::new();
    let (dir, all) = victim(&state);
    fs::create_dir(state.path().join("runs")).unwrap();
    let record = "isolated-test record 1\ndirectory\nprocess 1\n";
    fs::write(state.path().join("runs/plante.isolated-test"), record).unwrap();
    symlink(&dir, state.path().join("runs/plante")).unwrap();
    let _ = state.inner("takes_a_directory").run().passed();
    assert_eq!(tree(&dir), all);
}

#[test]
fn a_link_among_the_directories_of_processes_is_not_followed() {
    let state = State::new();
    let (dir, all) = victim(&state);
    fs::create_dir(state.path().join("runs")).unwrap();
    symlink(&dir, state.path().join("runs/plante")).unwrap();
    let _ = state.inner("takes_a_directory").run().passed();
    assert_eq!(tree(&dir), all);
}

#[test]
fn a_link_that_a_test_has_made_is_removed_and_not_its_target() {
    let state = State::new();
    let (dir, all) = victim(&state);
    let mut inner = state.inner("waits").start();
    let path = PathBuf::from(inner.hear("path"));
    symlink(&dir, path.join("link")).unwrap();
    inner.tell("end");
    let _ = inner.finish().passed();
    assert!(!path.exists());
    assert_eq!(tree(&dir), all);
}
