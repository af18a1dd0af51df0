//! Processes that a test leaves behind are ended and named, and none of them outlives the parent.

#![cfg(any(target_os = "linux", windows))]

use std::path::PathBuf;

#[cfg(unix)]
use isolated_test_tests::processes::{is_alive, pause};
use isolated_test_tests::{Finished, State, plain};

const NOTHING: [PathBuf; 0] = [];

/// The name of the program that is left behind.
const STAYS: &str = if cfg!(windows) { "stays.exe" } else { "stays" };

mod inner {
    #[cfg(unix)]
    use std::fs;
    use std::process::{Command, Stdio};

    use isolated_test::{TmpDir, isolated};
    use isolated_test_tests::gate::pass;
    use isolated_test_tests::{ends, say};

    /// Starts a program that would run for two minutes.
    fn child() -> u32 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stays"));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap().id()
    }

    /// Leaves a daemon with this name, in its own session.
    #[cfg(unix)]
    fn daemon(name: &str) {
        if ends::become_daemon().unwrap() {
            fs::write("/proc/self/comm", name).unwrap();
            ends::ignore_requests_to_end();
            say(&format!("daemon {}", std::process::id()));
            ends::stay();
        }
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_a_child() {
        say(&format!("child {}", child()));
    }

    #[cfg(unix)]
    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_a_daemon() {
        daemon("it-daemon");
        pass("daemon");
    }

    /// Starts a program that starts another one, which does that too.
    fn tree() -> u32 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stays"));
        command.arg("2").spawn().unwrap().id()
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_a_tree() {
        say(&format!("top {}", tree()));
        pass("grown");
    }

    #[isolated(process, serial = "leaks", tmpdir, port)]
    #[test]
    #[ignore = "started by another test"]
    fn holds_with_a_tree(tmpdir: &TmpDir, port: u16) {
        say(&format!("tmpdir {}", tmpdir.display()));
        say(&format!("port {port}"));
        say(&format!("top {}", tree()));
        ends::stay();
    }

    #[isolated(timeout = "5s")]
    #[test]
    #[ignore = "started by another test"]
    fn hangs_with_a_tree() {
        say(&format!("top {}", tree()));
        ends::stay();
    }

    #[isolated(serial = "leaks")]
    #[test]
    #[ignore = "started by another test"]
    fn wants_the_key() {}

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_a_child_and_fails() {
        say(&format!("child {}", child()));
        panic!("on purpose");
    }

    #[cfg(unix)]
    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_one_that_ends_by_itself() {
        if ends::fork().unwrap() {
            // The process is exiting while the test ends.
            std::process::exit(0);
        }
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn waits_for_its_children() {
        let mut child = Command::new(std::env::current_exe().unwrap());
        assert!(child.arg("--help").output().unwrap().status.success());
    }

    /// Holds the key, and leaves processes that do not end by themselves.
    #[cfg(unix)]
    #[isolated(process, serial = "leaks", tmpdir, port)]
    #[test]
    #[ignore = "started by another test"]
    fn holds_with_others(tmpdir: &TmpDir, port: u16) {
        say(&format!("tmpdir {}", tmpdir.display()));
        say(&format!("port {port}"));
        say(&format!("below {}", std::os::unix::process::parent_id()));
        daemon("it-daemon");
        pass("daemon");
        say(&format!("others {} {}", std::process::id(), child()));
        ends::ignore_requests_to_end();
        ends::stay();
    }

    #[cfg(unix)]
    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn stays() {
        say(&format!("below {}", std::os::unix::process::parent_id()));
        ends::stay();
    }

    #[cfg(unix)]
    #[isolated(serial = "leaks")]
    #[test]
    #[ignore = "started by another test"]
    fn has_the_key_alone() {
        let old = std::env::var("OLD").unwrap();
        assert_eq!(old.split(' ').count(), 3, "the test, a child, a daemon");
        for process in old.split(' ') {
            assert!(!super::is_alive(process.parse().unwrap()), "{process}");
        }
        say("has");
    }
}

/// Expects that a process was left behind, and returns how this was reported.
#[track_caller]
fn left(run: &Finished, test: &str) -> String {
    let start = format!("isolated-test: processes::leaks::inner::{test}: left ");
    let mut lines = run.errors.lines().filter(|line| line.starts_with(&start));
    let line = lines.next().unwrap_or_else(|| panic!("{}", run.errors));
    assert_eq!(lines.next(), None);
    line[start.len()..].to_owned()
}

#[test]
fn a_child_is_ended_and_named() {
    let state = State::new();
    let run = state.inner("leaves_a_child").run().passed();
    let child = run.said("child").unwrap();
    assert_eq!(
        left(&run, "leaves_a_child"),
        format!("a process behind, now ended: {STAYS} (pid {child})")
    );
    assert_eq!(run.errors.lines().count(), 1, "{}", run.errors);
    assert_eq!(state.processes(), []);
    assert_eq!(state.runs(), NOTHING);
}

#[test]
fn it_is_named_past_the_runner() {
    let state = State::new();
    let run = state.inner("leaves_a_child").captured().run().passed();
    assert!(
        left(&run, "leaves_a_child")
            .starts_with(&format!("a process behind, now ended: {STAYS} (pid "))
    );
    assert!(!run.output.contains("@child"), "{}", run.output);
}

#[cfg(unix)]
#[test]
fn a_daemon_is_ended_and_named() {
    let state = State::new();
    let mut go_on = state.gate("daemon");
    let mut inner = state.inner("leaves_a_daemon").start();
    let daemon = inner.hear("daemon");
    go_on.open();
    let run = inner.finish().passed();
    assert_eq!(
        left(&run, "leaves_a_daemon"),
        format!("a process behind, now ended: it-daemon (pid {daemon})")
    );
    assert!(!is_alive(daemon.parse().unwrap()));
}

#[test]
fn a_tree_is_ended_and_named() {
    let state = State::new();
    let mut go_on = state.gate("grown");
    let mut inner = state.inner("leaves_a_tree").start();
    inner.hear("grown");
    go_on.open();
    let run = inner.finish().passed();
    let left = left(&run, "leaves_a_tree");
    let start = format!("3 processes behind, now ended: {STAYS} (pid ");
    assert!(left.starts_with(&start), "{left}");
    let named = format!("{STAYS} (pid ");
    assert_eq!(left.matches(&named).count(), 3, "{left}");
    assert_eq!(state.processes(), []);
}

#[test]
fn a_tree_is_gone_after_a_timeout() {
    let state = State::new();
    let run = state.inner("hangs_with_a_tree").run().failed();
    assert_eq!(run.said("grown"), Some(""));
    assert!(run.errors.contains("timed out after 5s"), "{}", run.errors);
    assert_eq!(state.processes(), []);
}

#[test]
fn a_tree_is_gone_after_a_parent_that_is_killed() {
    let state = State::new();
    let mut victim = state.inner("holds_with_a_tree").start();
    let tmpdir = PathBuf::from(victim.hear("tmpdir"));
    let port = victim.hear("port").parse().unwrap();
    victim.hear("grown");
    assert!(state.processes().len() >= 5, "{:?}", state.processes());
    victim.kill();
    let _ = state.inner("wants_the_key").run().passed();
    state.wait_until_records_are_free();
    assert_eq!(state.processes(), []);
    drop(plain::listen_when_free(port));
    let _ = state.inner("waits_for_its_children").run().passed();
    assert!(!tmpdir.exists());
    assert_eq!(state.runs(), NOTHING);
}

#[test]
fn a_test_that_fails_leaves_nobody_either() {
    let state = State::new();
    let run = state.inner("leaves_a_child_and_fails").run().failed();
    let child = run.said("child").unwrap();
    assert_eq!(
        left(&run, "leaves_a_child_and_fails"),
        format!("a process behind, now ended: {STAYS} (pid {child})")
    );
    assert_eq!(state.processes(), []);
}

#[test]
fn those_that_have_ended_are_not_named() {
    let run = State::new().inner("waits_for_its_children").run().passed();
    assert_eq!(run.errors, "");
}

#[cfg(unix)]
#[test]
fn those_that_are_about_to_end_are_no_failure() {
    let state = State::new();
    let _ = state.inner("leaves_one_that_ends_by_itself").run().passed();
    assert_eq!(state.processes(), []);
}

#[cfg(unix)]
#[test]
fn nobody_outlives_a_parent_that_is_killed_and_the_key_is_free_only_then() {
    for _ in 0..3 {
        let state = State::new();
        let mut go_on = state.gate("daemon");
        let mut victim = state.inner("holds_with_others").start();
        let daemon = victim.hear("daemon");
        go_on.open();
        let old = format!("{daemon} {}", victim.hear("others"));
        victim.kill();
        let next = state.inner("has_the_key_alone").env("OLD", &old);
        let _ = next.run().passed();
        state.wait_until_records_are_free();
        assert_eq!(state.processes(), []);
        let _ = state.inner("waits_for_its_children").run().passed();
        assert_eq!(state.runs(), NOTHING);
    }
}

#[cfg(unix)] // Windows has no supervisor.
#[test]
fn a_test_goes_with_its_supervisor_and_has_failed() {
    let state = State::new();
    let mut inner = state.inner("stays").start();
    let supervisor = inner.hear("below").parse().unwrap();
    assert!(plain::kill(supervisor));
    let run = inner.finish().failed();
    assert!(
        run.reported("processes/leaks").starts_with(
            "isolated-test: processes::leaks::inner::stays: the supervisor of the test's process was killed, \
             and the process with it\nisolated-test: processes::leaks::inner::stays failed\n"
        ),
        "{}",
        run.errors
    );
    assert_eq!(state.processes(), []);
}

#[cfg(unix)]
#[test]
fn everything_is_held_until_the_last_process_is_gone() {
    let state = State::new();
    let mut go_on = state.gate("daemon");
    let mut victim = state.inner("holds_with_others").start();
    let tmpdir = PathBuf::from(victim.hear("tmpdir"));
    let port = victim.hear("port").parse().unwrap();
    let supervisor = victim.hear("below").parse().unwrap();
    let daemon = victim.hear("daemon");
    go_on.open();
    let old = format!("{daemon} {}", victim.hear("others"));
    // Nobody ends the others while the supervisor is paused.
    let paused = pause(supervisor);
    victim.kill();
    let mut next = state.inner("has_the_key_alone").env("OLD", &old).start();
    let line = next.hear_error("waiting for serial \"leaks\"");
    assert!(
        line.contains("held by processes::leaks::inner::holds_with_others (pid "),
        "{line}"
    );
    let others: Vec<u32> = old.split(' ').map(|pid| pid.parse().unwrap()).collect();
    assert!(others.iter().all(|pid| is_alive(*pid)));
    assert!(tmpdir.is_dir());
    plain::listen(port).unwrap_err();
    drop(paused);
    next.hear("has");
    let _ = next.finish().passed();
    drop(plain::listen_when_free(port));
    assert_eq!(state.processes(), []);
    let _ = state.inner("waits_for_its_children").run().passed();
    assert_eq!(state.runs(), NOTHING);
}
