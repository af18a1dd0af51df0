//! Scripts in place of the programs of PostgreSQL, which hang, fail or leave a process behind.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::super::Workspace;
use super::super::ends::PATIENCE;
use super::super::refused::is_refused;
use super::ends::{await_last_process, observed};
use super::passed;

const HANGS: &str = "echo begun >&9; exec sleep 600";
const READY: &str = "echo 'database system is ready to accept connections' >&2; exec sleep 600";

/// Creates the programs. If this is root, another user runs them.
fn stand_ins(workspace: &Workspace, initdb: &str, server: &str) -> PathBuf {
    let dir = workspace.path("programs");
    fs::create_dir_all(&dir).expect("a directory");
    let postgres = format!(
        "ulimit -c 0
        case \"$*\" in
            --version) echo 'postgres (PostgreSQL) 15.0' ;;
            --single*) cat ;;
            *) {server} ;;
        esac"
    );
    for (name, text) in [("initdb", initdb), ("postgres", &postgres)] {
        fs::write(dir.join(name), format!("#!/bin/sh\n{text}\n")).expect("a file");
    }
    for path in ["", "programs", "programs/initdb", "programs/postgres"] {
        let all = fs::Permissions::from_mode(0o755);
        fs::set_permissions(workspace.path(path), all).expect("a mode");
    }
    dir
}

/// As Ctrl-C does: while data are made, while a server is tried, and while that of a test starts.
#[test]
fn a_signal_before_the_test_ends_everything() {
    if is_refused(None) {
        return;
    }
    let first_is_ready = format!(
        "[ -n \"$CARGO_ISOLATED_PARTS\" ] || {{
            {READY}
        }}
        {HANGS}"
    );
    for (initdb, server) in [(HANGS, ""), ("", HANGS), ("", &first_is_ready)] {
        let workspace = Workspace::new("");
        let programs = stand_ins(&workspace, initdb, server);
        let mut suite = workspace.suite(&["--with", "postgres"], "echo run");
        suite.env("ISOLATED_POSTGRES_BIN", programs);
        let (suite, mut pipe) = observed(&workspace, &suite);
        let mut begun = [0; 6];
        pipe.read_exact(&mut begun).expect("a program that hangs");
        let group = Pid::from_raw(suite.id().try_into().expect("a process ID"));
        killpg(group, Signal::SIGTERM).expect("it lives");
        await_last_process(pipe);
        let output = suite.wait_with_output().expect("its end");
        assert_eq!(output.status.signal(), Some(15), "{:?}", output.status);
        assert_eq!(output.stdout, b"", "the test has begun");
    }
}

#[test]
fn a_failed_trial_leaves_no_process() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let programs = stand_ins(&workspace, "", "setsid sleep 600 2>&- & exit 1");
    let mut suite = workspace.suite(&["--with", "postgres"], "echo run");
    suite.env("ISOLATED_POSTGRES_BIN", programs);
    let (mut suite, pipe) = observed(&workspace, &suite);
    assert_eq!(suite.wait().expect("its end").code(), Some(2));
    await_last_process(pipe);
}

#[test]
fn a_run_that_waits_for_the_data_of_another_prints_so() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let programs = stand_ins(&workspace, "", READY);
    let dir = workspace.path("target/isolated/postgres");
    fs::create_dir_all(&dir).expect("a directory");
    let other = File::create(dir.join("lock")).expect("a file");
    let other = Flock::lock(other, FlockArg::LockExclusive).expect("the lock");
    let mut suite = workspace.suite(&["--with", "postgres"], "echo run");
    suite
        .env("ISOLATED_POSTGRES_BIN", programs)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut suite = suite.spawn().expect("the command");
    let (sender, lines) = channel();
    let errors = BufReader::new(suite.stderr.take().expect("its errors"));
    thread::spawn(move || {
        errors
            .lines()
            .map_while(Result::ok)
            .try_for_each(|line| sender.send(line))
    });
    let next = || lines.recv_timeout(PATIENCE).expect("a line");
    assert!(next().starts_with("isolated: each test has its own network"));
    assert_eq!(
        next(),
        "isolated: waiting for another `cargo isolated run` that makes the data of PostgreSQL"
    );
    drop(other);
    assert_eq!(
        next(),
        "isolated: each test has its own PostgreSQL at localhost:5432"
    );
    assert_eq!(passed(&suite.wait_with_output().expect("its end")), "run\n");
}

#[test]
fn a_server_that_does_not_end_is_killed() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let programs = stand_ins(&workspace, "", &format!("trap '' QUIT; {READY}"));
    let mut suite = workspace.suite(&["--with", "postgres"], "echo ran");
    suite.env("ISOLATED_POSTGRES_BIN", programs);
    let (suite, pipe) = observed(&workspace, &suite);
    assert_eq!(passed(&suite.wait_with_output().expect("its end")), "ran\n");
    await_last_process(pipe);
}

/// A shell stands in for its supervisor, and another one for the host. Neither ends.
#[test]
fn a_host_is_asked_to_end_only_once() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let programs = stand_ins(&workspace, "", READY);
    fs::copy("/bin/sh", workspace.path("target/isolated-guard")).expect("a copy of the shell");
    let script = "mkfifo target/ready; export host='trap \"echo asked >>target/asked\" TERM
            echo >target/ready; while :; do sleep 600 & wait; done'
        setsid target/isolated-guard -c 'trap : TERM; sh -c \"$host\" isolated-test-host:shop &
            while kill -0 $!; do wait; done' >&- 2>&- &
        read ready <target/ready; echo ran";
    let mut suite = workspace.suite(&["--with", "postgres"], script);
    let output = suite.env("ISOLATED_POSTGRES_BIN", programs).output();
    assert_eq!(passed(&output.expect("the command")), "ran\n");
    let asked = fs::read_to_string(workspace.path("target/asked")).expect("the signals");
    assert_eq!(asked, "asked\n");
}
