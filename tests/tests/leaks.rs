//! What a test leaves behind: it is ended and named, and nothing of it outlives the parent.

#![cfg(target_os = "linux")]

use std::path::PathBuf;

use isolated_test_tests::processes::is_alive;
use isolated_test_tests::{Finished, State, plain};

const NOTHING: [PathBuf; 0] = [];

mod inner {
    use std::fs;
    use std::process::{Command, Stdio};

    use isolated_test::isolated;
    use isolated_test_tests::gate::pass;
    use isolated_test_tests::{ends, say};

    /// Starts a program that would run for a minute.
    fn sleep() -> u32 {
        let mut command = Command::new("sleep");
        command
            .arg("60")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().unwrap().id()
    }

    /// Leaves a process in a session of its own, which has the name that is given.
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
        say(&format!("child {}", sleep()));
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_a_daemon() {
        daemon("it-daemon");
        pass("daemon");
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_a_tree() {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "sleep 60 & sh -c 'sleep 60 & echo; echo @grown; wait' & wait",
        ]);
        say(&format!("top {}", command.spawn().unwrap().id()));
        pass("grown");
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_a_child_and_fails() {
        say(&format!("child {}", sleep()));
        panic!("on purpose");
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_one_that_ends_by_itself() {
        if ends::fork().unwrap() {
            // It is on its way out while the test ends.
            std::process::exit(0);
        }
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn waits_for_its_children() {
        assert!(Command::new("true").status().unwrap().success());
    }

    /// Holds the key while its processes hold the file.
    #[isolated(process, serial = "leaks", tmpdir, port)]
    #[test]
    #[ignore = "started by another test"]
    fn holds_with_others(port: u16) {
        daemon("it-daemon");
        pass("daemon");
        sleep();
        say(&format!("port {port}"));
        ends::ignore_requests_to_end();
        ends::stay();
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn stays() {
        say("stays");
        ends::stay();
    }

    #[isolated(serial = "leaks")]
    #[test]
    #[ignore = "started by another test"]
    fn has_the_key_alone() {
        let old = std::env::var("OLD").unwrap();
        for process in old.split(' ') {
            let process = process.parse().unwrap();
            assert!(!super::is_alive(process), "{process}");
        }
        say("has");
    }
}

/// Expects that somebody was left behind, and returns how that was said.
#[track_caller]
fn left(run: &Finished, test: &str) -> String {
    let start = format!("isolated-test: leaks::inner::{test}: left ");
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
        format!("a process behind, now ended: sleep (pid {child})")
    );
    assert_eq!(run.errors.lines().count(), 1, "{}", run.errors);
    assert_eq!(state.processes(), []);
    assert_eq!(state.runs(), NOTHING);
}

#[test]
fn it_is_named_past_the_runner() {
    let state = State::new();
    let run = state.inner("leaves_a_child").captured().run().passed();
    assert!(left(&run, "leaves_a_child").starts_with("a process behind, now ended: sleep (pid "));
    assert!(!run.output.contains("@child"), "{}", run.output);
}

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
    assert!(
        left.starts_with("4 processes behind, now ended: sh (pid "),
        "{left}"
    );
    assert_eq!(left.matches("sh (pid ").count(), 2, "{left}");
    assert_eq!(left.matches("sleep (pid ").count(), 2, "{left}");
    assert_eq!(state.processes(), []);
}

#[test]
fn a_test_that_fails_leaves_nobody_either() {
    let state = State::new();
    let run = state.inner("leaves_a_child_and_fails").run().failed();
    let child = run.said("child").unwrap();
    assert_eq!(
        left(&run, "leaves_a_child_and_fails"),
        format!("a process behind, now ended: sleep (pid {child})")
    );
    assert_eq!(state.processes(), []);
}

#[test]
fn those_that_end_are_not_named() {
    for test in ["leaves_one_that_ends_by_itself", "waits_for_its_children"] {
        let run = State::new().inner(test).run().passed();
        assert_eq!(run.errors, "", "{test}");
    }
}

#[test]
fn nobody_outlives_a_parent_that_is_killed_and_the_key_is_free_only_then() {
    for _ in 0..3 {
        let state = State::new();
        let mut go_on = state.gate("daemon");
        let mut victim = state.inner("holds_with_others").start();
        victim.hear("daemon");
        go_on.open();
        victim.hear("port");
        let old: Vec<_> = state
            .processes()
            .into_iter()
            // The supervisor goes last of all, and the key with it.
            .filter(|(process, name)| *process != victim.id() && name != "isolated-test")
            .map(|(process, _)| process.to_string())
            .collect();
        assert_eq!(
            old.len(),
            3,
            "the test, a child, a daemon: {:?}",
            state.processes()
        );
        victim.kill();
        let next = state.inner("has_the_key_alone").env("OLD", old.join(" "));
        let _ = next.run().passed();
        state.wait_until_records_are_free();
        assert_eq!(state.processes(), []);
        let _ = state.inner("waits_for_its_children").run().passed();
        assert_eq!(state.runs(), NOTHING);
    }
}

#[test]
fn a_test_goes_with_its_supervisor_and_has_failed() {
    let state = State::new();
    let mut inner = state.inner("stays").start();
    inner.hear("stays");
    let all = state.processes();
    let (supervisor, _) = all
        .iter()
        .find(|(_, name)| name == "isolated-test")
        .expect("a supervisor");
    let killed = plain::kill((*supervisor).try_into().unwrap());
    assert!(killed);
    let run = inner.finish().failed();
    assert!(
        run.reported("leaks").starts_with(
            "isolated-test: leaks::inner::stays: the supervisor of the test's process was killed, \
             and the process with it\nisolated-test: leaks::inner::stays failed\n"
        ),
        "{}",
        run.errors
    );
    assert_eq!(state.processes(), []);
}
