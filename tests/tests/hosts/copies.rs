//! Descriptors that processes have without knowing it: of forked copies, and of pipes that they inherit.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use isolated_test_tests::processes::is_alive;
use isolated_test_tests::{State, plain};

use crate::common::{Hosts, parent, server_of, signal, wait_for};

mod inner {
    use std::io::Write;
    use std::net::{Shutdown, SocketAddr};
    use std::process::Command;
    use std::thread;

    use isolated_test::{BoxError, Current, Once, Resource, Transfer, isolated};
    use isolated_test_tests::{hold, plain, say};

    use crate::common::{API, tell};

    /// A server whose host has a daemon, a copy of itself from the start, and one of each connection.
    struct Copied;

    impl Resource for Copied {
        type Handle = SocketAddr;

        fn provision(&mut self, host: &Current) -> Result<SocketAddr, BoxError> {
            plain::fork_and_stay()?;
            let daemon = Command::new("setsid")
                .args(["-f", "sleep", "1000"])
                .status();
            assert!(daemon?.success());
            let listener = host.port().listen()?;
            let address = listener.local_addr()?;
            thread::spawn(move || {
                for stream in listener.incoming() {
                    let mut stream = stream.unwrap();
                    plain::fork_and_stay().unwrap();
                    write!(stream, "{}", std::process::id()).unwrap();
                    stream.shutdown(Shutdown::Write).unwrap();
                }
            });
            Ok(address)
        }

        fn transfer() -> Transfer<SocketAddr> {
            Transfer::as_text()
        }
    }

    const COPIED: Once<Copied> = Once::new("copied", || Copied);

    #[isolated(copied = COPIED)]
    #[test]
    #[ignore = "started by another test"]
    fn uses_a_copied_host(copied: &SocketAddr) {
        tell(&copied.to_string());
        hold();
    }

    #[isolated(api = API)]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_a_copy(api: &str) {
        tell(api);
        say(&format!("child {}", plain::fork_and_stay().unwrap()));
    }

    #[isolated(api = API)]
    #[test]
    #[ignore = "started by another test"]
    fn uses(api: &str) {
        tell(api);
        hold();
    }
}

#[test]
fn a_forked_copy_of_a_host_and_a_daemon_end_with_it() {
    let state = State::new();
    let mut user = state.user("uses_a_copied_host").start();
    signal("-KILL", server_of(&mut user));
    user.release();
    state.wait_for_the_end();
    assert_eq!(state.processes(), []);
}

#[test]
fn a_forked_copy_of_a_host_is_not_taken_for_it_when_the_supervisor_is_killed() {
    let state = State::new();
    let mut user = state.user("uses_a_copied_host").start();
    let server = server_of(&mut user);
    signal("-KILL", parent(server));
    wait_for(server);
    let next = state.user("uses_a_copied_host");
    let mut next = next.env("ISOLATED_LOCK_TIMEOUT", "2s").start();
    assert_ne!(server_of(&mut next), server);
    next.release();
    user.release();
    state.wait_for_the_end();
    assert_eq!(state.processes(), []);
}

#[test]
fn a_forked_child_of_a_test_does_not_use_the_host_after_it() {
    let state = State::new();
    let run = state.user("leaves_a_copy").run().passed();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end");
    let child = run.said("child").unwrap().parse().unwrap();
    assert!(plain::kill(child), "the child has lived all the time");
}

#[test]
fn a_host_keeps_no_pipe_open_that_its_test_has_inherited() {
    let state = State::new();
    let pipe = state.scratch().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let program = state.scratch().join("program");
    let this = std::env::current_exe().unwrap();
    let script = format!("#!/bin/sh\nexec 7>{pipe:?}\nexec {this:?} \"$@\"\n");
    write_program(&program, &script);

    let user = state.user_of(&program, "uses");
    let mut user = user.env("ISOLATED_LINGER", "1h").start();
    let mut pipe = File::open(pipe).unwrap();
    let server = server_of(&mut user);
    user.release();
    // Reads until no process has the other end.
    assert_eq!(pipe.read(&mut [0]).unwrap(), 0);
    assert!(is_alive(server));
    signal("-TERM", server);
    state.wait_for_the_end();
    assert_eq!(state.processes(), []);
}

fn write_program(path: &Path, script: &str) {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}
