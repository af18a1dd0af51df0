//! `path => "..."`: the file is the lock, however its path is written and whoever sees it.

use isolated_test_tests::{Inner, State};
#[cfg(unix)]
use serial_test::{file_parallel, file_serial, is_locked_file_serially};

mod inner {
    use isolated_test_tests::{hold, say};
    use serial_test::{file_parallel, file_serial, is_locked_file_serially};

    #[test]
    #[ignore = "started by another test"]
    #[file_serial(path => "lock")]
    fn serial() {
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    #[file_serial(key, path => "./link")]
    fn serial_by_another_path() {
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    #[file_serial(path => "other")]
    fn serial_elsewhere() {
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    #[file_parallel(path => "lock")]
    fn parallel() {
        hold();
    }

    #[test]
    #[ignore = "started by another test"]
    fn asks() {
        let is_locked = is_locked_file_serially(None, Some("lock"));
        say(if is_locked { "locked" } else { "free" });
    }

    #[test]
    #[ignore = "started by another test"]
    #[file_serial(path => "nowhere/lock")]
    fn without_a_folder() {}
}

/// A test that starts in a folder of the state directory.
fn inner<'a>(state: &'a State, folder: &State, test: &str) -> Inner<'a> {
    let folder = folder.scratch();
    state.inner(test).with(|command| {
        command.current_dir(folder);
    })
}

/// Asserts that `second` gets the lock while `first` has it, or only after that.
fn meet(states: [&State; 2], first: &str, second: &str, together: bool) {
    let mut one = inner(states[0], states[0], first).start();
    one.hear("held");
    let mut other = inner(states[1], states[0], second).start();
    if together {
        other.hear("held");
        other.release();
        one.release();
    } else {
        other.hear_error(if states[0].path() == states[1].path() {
            "waiting for s" // A key, whose holder is known.
        } else {
            "waiting for the lock on"
        });
        assert!(!other.has_said("held"));
        one.release();
        other.hear("held");
        other.release();
    }
}

#[test]
fn a_file_is_held_by_one_serial_test_or_by_several_parallel_ones() {
    let state = State::new();
    let here = [&state, &state];
    meet(here, "serial", "serial", false);
    meet(here, "serial", "parallel", false);
    meet(here, "parallel", "serial", false);
    meet(here, "parallel", "parallel", true);
    meet(here, "serial", "serial_elsewhere", true);
}

#[cfg(unix)]
#[test]
fn a_file_is_one_lock_by_any_path() {
    let state = State::new();
    std::os::unix::fs::symlink("lock", state.scratch().join("link")).unwrap();
    meet([&state, &state], "serial", "serial_by_another_path", false);
    meet([&state, &state], "serial_by_another_path", "serial", false);
}

/// As for two users, or in two containers that see one folder.
#[test]
fn a_file_is_locked_between_two_state_directories() {
    let (state, other) = (State::new(), State::new());
    let both = [&state, &other];
    meet(both, "serial", "serial", false);
    meet(both, "serial", "parallel", false);
    meet(both, "parallel", "serial", false);
    meet(both, "parallel", "parallel", true);
    meet(both, "serial", "serial_elsewhere", true);
}

#[test]
fn the_lock_on_a_file_can_be_seen() {
    let (state, other) = (State::new(), State::new());
    let seen = |state_of_asker| {
        let mut asker = inner(state_of_asker, &state, "asks").start();
        let said = asker.hear("");
        asker.finish().passed();
        said
    };
    assert_eq!(seen(&state), "free");
    for (holder, word) in [("serial", "locked"), ("parallel", "free")] {
        let mut running = inner(&state, &state, holder).start();
        running.hear("held");
        assert_eq!([seen(&state), seen(&other)], [word, word]);
        running.release();
    }
    assert_eq!(seen(&other), "free");
}

#[test]
fn a_file_that_cannot_be_made_is_named() {
    let state = State::new();
    let run = inner(&state, &state, "without_a_folder").run().failed();
    let reason = "failed to open the lock file `nowhere/lock`: ";
    assert!(run.errors.contains(reason), "{}", run.errors);
}

#[cfg(unix)]
#[test]
#[file_serial(path => "/tmp/isolated-serial-test.queries")]
fn the_test_itself_sees_it() {
    let path = Some("/tmp/isolated-serial-test.queries");
    assert!(is_locked_file_serially(None, path));
    assert!(is_locked_file_serially(Some("whatever"), path));
}

#[cfg(unix)]
#[test]
#[file_parallel(path => "/tmp/isolated-serial-test.parallel")]
fn a_parallel_test_does_not() {
    let path = Some("/tmp/isolated-serial-test.parallel");
    assert!(!is_locked_file_serially(None, path));
}
