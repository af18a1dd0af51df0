//! How services end: with their test, and with its process.

#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use isolated_test_tests::{PATIENCE, State};

mod inner {
    use std::os::unix::process::{ExitStatusExt, parent_id};
    use std::path::PathBuf;
    use std::process::Command;
    use std::time::Duration;

    use isolated_test::{Ready, Running, Service, isolated};
    use isolated_test_tests::hold;

    /// A shell that holds a named pipe open, as everything does that it starts.
    fn shell(script: &'static str) -> Service {
        let dir = PathBuf::from(std::env::var_os("SCRATCH").unwrap());
        Service::new("sh")
            .with(move |sh, _| {
                let script = format!("exec 9>held; {script}");
                sh.args(["-c", &script]).current_dir(dir);
            })
            .ready(Ready::prints("ready"))
    }

    const DAEMONS: &str = "setsid sleep 1000 & (sleep 1000 &) ; echo ready; wait";

    #[isolated(server = shell(DAEMONS))]
    #[test]
    #[ignore = "started by another test"]
    fn has_daemons() {
        hold();
    }

    #[isolated(process, server = shell(DAEMONS))]
    #[test]
    #[ignore = "started by another test"]
    fn has_daemons_in_a_subprocess() {
        // Its standard input is empty.
        isolated_test_tests::say("held");
        isolated_test_tests::gate::pass("never");
    }

    #[isolated(server = shell(DAEMONS))]
    #[test]
    #[ignore = "started by another test"]
    fn has_daemons_and_panics() {
        panic!("on purpose");
    }

    #[isolated(server = shell("trap 'echo asked >> end; exit 5' TERM; sleep 1000 & echo ready; wait"))]
    #[test]
    #[ignore = "started by another test"]
    fn asks() {}

    #[isolated(server = shell("sh -c 'trap \"echo asked >> end; exit 5\" TERM; sleep 1000 & echo ready; wait' & wait"))]
    #[test]
    #[ignore = "started by another test"]
    fn asks_a_descendant() {}

    const LEAVES_SLOWLY: &str = "trap 'echo > asked; read line < leave; echo left > end; exit' TERM; \
        sleep 1000 & echo ready; wait";

    #[isolated(server = shell(LEAVES_SLOWLY).grace(isolated_test_tests::PATIENCE))]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_grace() {}

    #[isolated(
        server = shell("trap '' TERM; sleep 1000 & echo ready; wait; wait").grace(Duration::from_millis(50))
    )]
    #[test]
    #[ignore = "started by another test"]
    fn insists(server: &Running) {
        assert_eq!(server.stop().unwrap().signal(), Some(9));
        assert_eq!(server.to_string(), "sh ended with signal: 9 (SIGKILL)");
    }

    #[isolated(server = shell("trap '' TERM; echo ready; sleep 1000").grace(Duration::from_millis(50)))]
    #[test]
    #[ignore = "started by another test"]
    fn insists_at_the_end() {}

    #[isolated(server = shell("echo $PPID ready; exec sleep 1000"))]
    #[test]
    #[ignore = "started by another test"]
    fn loses_the_supervisor(server: &Running) {
        let output = server.output();
        let (supervisor, _) = output.split_once(' ').unwrap();
        assert_ne!(supervisor, parent_id().to_string());
        let killed = Command::new("kill").args(["-9", supervisor]).status();
        assert!(killed.unwrap().success());
        let error = server.wait().unwrap_err();
        assert_eq!(
            format!("{error:?}"),
            "failed to learn the end of `sh`: its supervisor was killed"
        );
    }
}

/// Makes the directory of the scripts, and a message when nobody holds the pipe there any more.
fn scratch(state: &State) -> (PathBuf, Receiver<()>) {
    let dir = state.scratch();
    let held = dir.join("held");
    let made = Command::new("mkfifo").arg(&held).status();
    assert!(made.is_ok_and(|status| status.success()));
    let (sender, ends) = mpsc::channel();
    thread::spawn(move || {
        let mut nothing = Vec::new();
        File::open(held)?.read_to_end(&mut nothing)?;
        let _ = sender.send(());
        Ok::<_, std::io::Error>(())
    });
    (dir, ends)
}

#[track_caller]
fn assert_ended(state: &State, ends: &Receiver<()>) {
    let ended = ends.recv_timeout(PATIENCE);
    assert!(ended.is_ok(), "left behind: {:?}", state.processes());
}

#[test]
fn everything_has_ended_when_the_test_has() {
    let state = State::new();
    let (dir, ends) = scratch(&state);
    let mut running = state.inner("has_daemons").env("SCRATCH", dir).start();
    running.hear("held");
    running.tell("release");
    let _ = running.finish().passed();
    assert_eq!(state.processes(), []);
    assert_ended(&state, &ends);
}

#[test]
fn everything_has_ended_when_the_test_has_panicked() {
    let state = State::new();
    let (dir, _ends) = scratch(&state);
    let run = state
        .inner("has_daemons_and_panics")
        .env("SCRATCH", dir)
        .run();
    run.failed();
    assert_eq!(state.processes(), []);
}

#[test]
fn everything_ends_with_the_process_of_the_test() {
    for test in ["has_daemons", "has_daemons_in_a_subprocess"] {
        let state = State::new();
        let _never = state.gate("never");
        let (dir, ends) = scratch(&state);
        let mut running = state.inner(test).env("SCRATCH", dir).start();
        running.hear("held");
        running.kill();
        assert_ended(&state, &ends);
    }
}

#[test]
fn everything_is_asked_to_end() {
    for test in ["asks", "asks_a_descendant"] {
        let state = State::new();
        let (dir, _ends) = scratch(&state);
        state.inner(test).env("SCRATCH", &dir).run().passed();
        assert_eq!(fs::read_to_string(dir.join("end")).unwrap(), "asked\n");
        assert_eq!(state.processes(), []);
    }
}

#[test]
fn nothing_is_killed_within_the_grace() {
    let state = State::new();
    let (dir, _ends) = scratch(&state);
    let (_asked, mut leave) = (state.gate("asked"), state.gate("leave"));
    let running = state.inner("has_a_grace").env("SCRATCH", &dir).start();
    // Until the program has been asked, and while nobody kills it.
    let mut line = [0];
    File::open(dir.join("asked"))
        .unwrap()
        .read_exact(&mut line)
        .unwrap();
    leave.open();
    let _ = running.finish().passed();
    assert_eq!(fs::read_to_string(dir.join("end")).unwrap(), "left\n");
}

#[test]
fn what_ignores_the_request_is_killed_after_the_grace() {
    for test in ["insists", "insists_at_the_end"] {
        let state = State::new();
        let (dir, _ends) = scratch(&state);
        state.inner(test).env("SCRATCH", dir).run().passed();
        assert_eq!(state.processes(), []);
    }
}

#[test]
fn the_program_dies_with_its_supervisor() {
    let state = State::new();
    let (dir, ends) = scratch(&state);
    let run = state
        .inner("loses_the_supervisor")
        .env("SCRATCH", dir)
        .run();
    assert!(
        run.failed()
            .errors
            .contains("failed to release the resource `server`")
    );
    assert_ended(&state, &ends);
}
