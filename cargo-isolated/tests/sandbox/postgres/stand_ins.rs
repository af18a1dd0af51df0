//! Scripts in place of the programs of PostgreSQL, which hang, fail or leave a process behind.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::super::Workspace;
use super::super::refused::is_refused;
use super::ends::{await_last_process, observed};

const HANGS: &str = "echo begun >&9; exec sleep 600";

/// Creates the programs. If this is root, another user runs them.
fn stand_ins(workspace: &Workspace, initdb: &str, server: &str) -> PathBuf {
    let dir = workspace.path("programs");
    fs::create_dir_all(&dir).expect("a directory");
    let postgres = format!(
        "case \"$*\" in
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
        "ulimit -c 0
        [ -n \"$CARGO_ISOLATED_PARTS\" ] || {{
            echo 'database system is ready to accept connections' >&2; exec sleep 600
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
