//! The exit of the runner, and the processes that a program leaves behind.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::Workspace;

/// The time limit for an expected event.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn the_runner_exits_like_the_program() {
    let workspace = Workspace::new("");
    assert_eq!(workspace.run("exit 7").status.code(), Some(7));
    // 34 is the first real-time signal, which has no name.
    for signal in [6, 9, 15, 34] {
        let status = workspace.run(&format!("kill -{signal} $$")).status;
        assert_eq!(status.signal(), Some(signal));
    }
    let output = workspace.run("echo out; echo err >&2");
    assert!(output.stdout == b"out\n" && output.stderr.ends_with(b"err\n"));
}

/// Whether a process with this environment variable is running.
fn lives(mark: &str) -> bool {
    let processes = fs::read_dir("/proc").expect("the processes").flatten();
    let mut environments =
        processes.filter_map(|process| fs::read(process.path().join("environ")).ok());
    environments.any(|variables| {
        variables
            .split(|byte| *byte == 0)
            .any(|one| one == mark.as_bytes())
    })
}

#[test]
fn leftover_processes_are_killed() {
    let workspace = Workspace::new("");
    let mark = format!("LEFT_BY={}-{}", std::process::id(), line!());
    let (name, value) = mark.split_once('=').expect("a variable");
    // The shell reports that it ignores `SIGTERM`.
    let script = "mkfifo target/ready
                  setsid sh -c 'trap \"\" TERM; echo > target/ready; sleep 600 & sleep 600; sleep 600' >&- 2>&- &
                  setsid sleep 600 & read ready < target/ready; exit 3";
    let output = workspace
        .runner(script)
        .env(name, value)
        .output()
        .expect("the runner");
    assert_eq!(output.status.code(), Some(3));
    assert!(!lives(&mark));
}

#[test]
fn leftover_processes_get_sigterm_first() {
    let workspace = Workspace::new("");
    // The inner shell is orphaned only when the outer one ends, after the first round of signals.
    let script = "mkfifo target/ready
                  setsid sh -c 'setsid sh -c \"trap \\\"echo x > target/got; exit\\\" TERM
                  echo > target/ready; sleep 600 & wait\" & sleep 600' >&- 2>&- &
                  read ready < target/ready; exit 3";
    assert_eq!(workspace.run(script).status.code(), Some(3));
    assert!(workspace.path("target/got").is_file());
}

#[test]
fn nothing_is_left_when_the_runner_is_killed() {
    let workspace = Workspace::new("");
    let mark = format!("LEFT_BY={}-{}", std::process::id(), line!());
    let (name, value) = mark.split_once('=').expect("a variable");
    let mut runner = workspace.runner("setsid sleep 600 & echo begun; sleep 600");
    let runner = runner
        .env(name, value)
        .stdout(Stdio::piped())
        .process_group(0);
    let mut runner = runner.spawn().expect("the runner");
    let mut output = BufReader::new(runner.stdout.take().expect("its output"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    assert!(line == "begun\n" && lives(&mark));
    runner.kill().expect("it lives");
    runner.wait().expect("its end");
    // The output is closed when the last process that holds it ends.
    let (sender, ended) = channel();
    thread::spawn(move || sender.send(output.read_to_end(&mut Vec::new()).is_ok()));
    assert_eq!(ended.recv_timeout(PATIENCE), Ok(true), "something lives on");
}

#[test]
fn the_program_decides_what_a_signal_for_its_group_means() {
    let workspace = Workspace::new("");
    let mut runner =
        workspace.runner("trap 'echo ended; exit 5' TERM; echo begun; while :; do read x; done");
    runner
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0);
    let mut runner = runner.spawn().expect("the runner");
    let mut output = BufReader::new(runner.stdout.take().expect("its output")).lines();
    assert_eq!(output.next().expect("a line").expect("text"), "begun");
    let group = nix::unistd::Pid::from_raw(runner.id().try_into().expect("a process ID"));
    nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGTERM).expect("it lives");
    let mut input = runner.stdin.take().expect("its input");
    let _ = input.write_all(b"\n");
    assert_eq!(output.next().expect("a line").expect("text"), "ended");
    assert_eq!(runner.wait().expect("its end").code(), Some(5));
}
