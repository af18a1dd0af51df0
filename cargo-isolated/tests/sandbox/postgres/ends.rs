//! The end of a server, and of everything around it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use super::super::Workspace;
use super::super::ends::PATIENCE;
use super::super::refused::is_refused;

/// Starts a suite in a process group, with a pipe that all its processes, the server too, have open as
/// descriptor 9. Returns that pipe too.
pub(super) fn observed(workspace: &Workspace, suite: &Command) -> (Child, File) {
    let pipe = workspace.path("target/pipe");
    let _ = fs::remove_file(&pipe);
    let status = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(status.success());
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "exec \"$@\" 9>target/pipe", "sh"])
        .arg(suite.get_program())
        .args(suite.get_args())
        .current_dir(workspace.dir.path())
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    for (name, value) in suite.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let child = shell.spawn().expect("the command");
    (child, File::open(pipe).expect("the pipe"))
}

/// Waits for the end of the pipe, which is that of the last process.
#[track_caller]
pub(super) fn await_last_process(mut pipe: File) {
    let (sender, ended) = channel();
    thread::spawn(move || sender.send(pipe.read_to_end(&mut Vec::new()).is_ok()));
    assert_eq!(ended.recv_timeout(PATIENCE), Ok(true), "something lives on");
}

#[test]
fn the_server_ends_with_its_sandbox() {
    if is_refused(None) {
        return;
    }
    // The session of a program that lives on would delay an orderly end.
    let busy = "rm -f target/ready; mkfifo target/ready
        setsid psql -XAtqc 'SELECT 1' -c 'SELECT pg_sleep(600)' postgres://postgres@localhost >target/ready 2>&- &
        read number <target/ready; echo begun;";
    let workspace = Workspace::new("");
    for (end, is_killed) in [
        ("exit 3", false),
        ("kill -9 $$", false),
        ("sleep 600", true),
    ] {
        let script = format!("{busy} {end}");
        let suite = workspace.suite(&["--with", "postgres"], &script);
        let (mut suite, pipe) = observed(&workspace, &suite);
        let mut lines = BufReader::new(suite.stdout.take().expect("its output"));
        let mut line = String::new();
        lines.read_line(&mut line).expect("a line");
        assert_eq!(line, "begun\n");
        if is_killed {
            suite.kill().expect("it lives");
        }
        let status = suite.wait().expect("its end");
        assert!(!status.success());
        await_last_process(pipe);
    }
}
