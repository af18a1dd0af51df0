//! How services end: with their test, and with its process.

#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use isolated_test_tests::{Inner, PATIENCE, State};

mod inner {
    use std::os::unix::process::{CommandExt, ExitStatusExt, parent_id};
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

    #[isolated(server = shell("setsid sleep 1000 & echo ready"))]
    #[test]
    #[ignore = "started by another test"]
    fn has_only_daemons(server: &Running) {
        assert!(server.wait().unwrap().success());
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

    /// Calls something in the copy of this process that becomes the supervisor.
    fn before(call: fn()) -> Service {
        shell("echo ready; sleep 1000").with(move |sh, _| {
            let call = move || {
                call();
                Ok(())
            };
            #[expect(unsafe_code, reason = "the call is in a forked copy")]
            // SAFETY: the calls of this file are safe between fork and exec.
            let _ = unsafe { sh.pre_exec(call) };
        })
    }

    #[expect(unsafe_code, reason = "the standard library begins no sessions")]
    fn begin_session() {
        // SAFETY: the call takes nothing.
        unsafe { libc::setsid() };
    }

    fn session_of(pid: u32) -> String {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        fields.split(' ').nth(3).unwrap().to_owned()
    }

    #[isolated(server = before(begin_session))]
    #[test]
    #[ignore = "started by another test"]
    fn begins_a_session(server: &Running) {
        assert_ne!(session_of(server.id()), session_of(std::process::id()));
    }

    #[isolated(server = before(|| std::process::abort()))]
    #[test]
    #[ignore = "started by another test"]
    fn loses_the_supervisor_at_once() {}

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
            "failed to learn the end of `sh`: its supervisor was killed; spare the processes called \
             `isolated-guard`"
        );
        isolated_test_tests::say("lost");
    }
}

/// A state directory, with a directory for the scripts.
struct Stage {
    state: State,
    dir: PathBuf,
    /// Gets a message when no process holds the pipe in the directory any more.
    ends: Receiver<()>,
}

impl Stage {
    fn new() -> Self {
        let state = State::new();
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
        Stage { state, dir, ends }
    }

    #[track_caller]
    fn inner(&self, test: &str) -> Inner<'_> {
        self.state.inner(test).env("SCRATCH", &self.dir)
    }

    /// The file that a script writes when it ends.
    fn end(&self) -> String {
        fs::read_to_string(self.dir.join("end")).unwrap()
    }

    /// Expects that all processes of the service end.
    #[track_caller]
    fn assert_ends(&self) {
        let ended = self.ends.recv_timeout(PATIENCE);
        assert!(ended.is_ok(), "left behind: {:?}", self.state.processes());
    }
}

#[test]
fn everything_has_ended_when_the_test_has() {
    let stage = Stage::new();
    let mut running = stage.inner("has_daemons").start();
    running.hear("held");
    running.tell("release");
    let _ = running.finish().passed();
    assert_eq!(stage.state.processes(), []);
    stage.assert_ends();
}

#[test]
fn everything_has_ended_when_the_test_has_panicked() {
    let stage = Stage::new();
    stage.inner("has_daemons_and_panics").run().failed();
    assert_eq!(stage.state.processes(), []);
}

#[test]
fn everything_ends_with_the_process_of_the_test() {
    for test in ["has_daemons", "has_daemons_in_a_subprocess"] {
        let stage = Stage::new();
        let _never = stage.state.gate("never");
        let mut running = stage.inner(test).start();
        running.hear("held");
        running.kill();
        stage.assert_ends();
    }
}

#[test]
fn everything_ends_with_the_program() {
    let stage = Stage::new();
    let mut running = stage.inner("has_only_daemons").start();
    running.hear("held");
    stage.assert_ends();
    running.tell("release");
    let _ = running.finish().passed();
}

#[test]
fn everything_is_asked_to_end() {
    for test in ["asks", "asks_a_descendant"] {
        let stage = Stage::new();
        stage.inner(test).run().passed();
        assert_eq!(stage.end(), "asked\n");
        assert_eq!(stage.state.processes(), []);
    }
}

#[test]
fn nothing_is_killed_within_the_grace() {
    let stage = Stage::new();
    let (_asked, mut leave) = (stage.state.gate("asked"), stage.state.gate("leave"));
    let running = stage.inner("has_a_grace").start();
    // Until the program has been asked. It stays until it is told to leave.
    let mut line = [0];
    let mut asked = File::open(stage.dir.join("asked")).unwrap();
    asked.read_exact(&mut line).unwrap();
    leave.open();
    let _ = running.finish().passed();
    assert_eq!(stage.end(), "left\n");
}

#[test]
fn processes_that_ignore_the_request_are_killed_after_the_grace() {
    for test in ["insists", "insists_at_the_end"] {
        let stage = Stage::new();
        stage.inner(test).run().passed();
        assert_eq!(stage.state.processes(), []);
    }
}

#[test]
fn a_program_in_a_new_session_ends_with_the_test() {
    let stage = Stage::new();
    stage.inner("begins_a_session").run().passed();
    assert_eq!(stage.state.processes(), []);
}

#[test]
fn the_program_dies_with_its_supervisor() {
    let stage = Stage::new();
    let run = stage.inner("loses_the_supervisor").run().failed();
    assert!(run.said("lost").is_some(), "{}", run.errors);
    let error =
        "failed to release the resource `server`: failed to learn the end of `sh`: its supervisor";
    assert!(run.errors.contains(error), "{}", run.errors);
    stage.assert_ends();
}

#[test]
fn a_program_does_not_start_without_its_supervisor() {
    let run = Stage::new().inner("loses_the_supervisor_at_once").run();
    let error = "failed to start `sh`: its supervisor was killed; spare the processes called `isolated-guard`";
    let run = run.failed();
    assert!(run.errors.contains(error), "{}", run.errors);
}
