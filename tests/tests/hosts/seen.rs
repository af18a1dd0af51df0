//! Tools list hosts, and end those that no test uses.

use std::fs::{self, File};
use std::process::Command;
use std::thread;

use isolated_test_tests::State;
use isolated_test_tests::processes::{is_free, lock};

use crate::common::{Hosts, gate, open, server_of, signal};

mod inner {

    use isolated_test_core::inspect;

    /// Prints what a tool sees with the variables of this process.
    #[test]
    #[ignore = "started by another test"]
    fn looks() {
        // libtest leaves its own line unfinished.
        println!();
        for host in inspect::hosts().unwrap() {
            println!("{:?} {:?}", host.process, host.state);
            assert!(host.name.starts_with("api-"));
            assert!(host.log.is_file());
        }
    }

    #[test]
    #[ignore = "started by another test"]
    fn cleans_in_vain() {
        let cleanup = inspect::clean(false).unwrap();
        let failed = cleanup.failed.iter().map(|(_, why)| why.as_str());
        assert_eq!(
            failed.collect::<Vec<_>>(),
            ["its host does not end; kill it"]
        );
    }

    #[test]
    #[ignore = "started by another test"]
    fn cleans_nothing() {
        let cleanup = inspect::clean(false).unwrap();
        assert!(cleanup.hosts.is_empty());
        assert_eq!(cleanup.failed, []);
    }

    #[test]
    #[ignore = "started by another test"]
    fn cleans() {
        println!();
        for dry_run in [true, false] {
            let cleanup = inspect::clean(dry_run).unwrap();
            assert_eq!(cleanup.failed, []);
            println!("removed {}, alive {}", cleanup.hosts.len(), cleanup.alive);
        }
    }
}

/// The lines that an inner test prints.
fn printed(state: &State, test: &str) -> Vec<String> {
    let run = state.user(test).run().passed();
    let is_ours = |line: &&str| {
        ["Some", "None", "removed"]
            .iter()
            .any(|word| line.starts_with(word))
    };
    run.output
        .lines()
        .filter(is_ours)
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_tool_sees_what_a_host_is_doing_and_ends_it_only_if_it_is_idle() {
    let state = State::new();
    let gate = gate(&state);
    let mut user = state.user_of_api();
    user = user.env("BREAK", &gate).env("ISOLATED_LINGER", "1h");
    let mut user = user.start();
    while state.happened() != "start" {
        std::thread::yield_now();
    }
    let starting = printed(&state, "looks");
    let untouched = ["removed 0, alive 2"; 2];
    assert_eq!(printed(&state, "cleans"), untouched);
    open(&gate);
    let server = server_of(&mut user);
    assert_eq!(starting, [format!("Some({server}) Starting")]);
    assert_eq!(printed(&state, "looks"), [format!("Some({server}) InUse")]);
    assert_eq!(printed(&state, "cleans"), untouched);
    user.release();
    assert_eq!(printed(&state, "looks"), [format!("Some({server}) Idle")]);
    assert_eq!(printed(&state, "cleans"), ["removed 1, alive 0"; 2]);
    assert_eq!(state.happened(), "start end");
    assert_eq!(state.host_dirs(), [] as [std::path::PathBuf; 0]);
    assert_eq!(state.processes(), []);
}

#[test]
fn a_tool_sees_a_failed_start_and_forgets_it() {
    let state = State::new();
    let user = state.user_of_api().env("BREAK", "fail");
    let _ = user.env("ISOLATED_LINGER", "1h").run().failed();
    assert_eq!(
        printed(&state, "looks"),
        ["None Failed(\"the disk is on fire\")"]
    );
    state.wait_for_the_end();
    assert_eq!(printed(&state, "cleans"), ["removed 1, alive 0"; 2]);
    assert_eq!(state.host_dirs(), [] as [std::path::PathBuf; 0]);
}

#[test]
fn the_trace_tells_a_host_from_a_test() {
    let state = State::new();
    let dir = state.scratch().join("trace");
    let mut user = state.user_of_api().env("ISOLATED_TRACE", &dir).start();
    let server = server_of(&mut user);
    user.release();
    state.wait_for_the_end();
    let files = fs::read_dir(&dir).unwrap().map(|file| file.unwrap());
    let prefix = format!("{server}-");
    let mut of_host = files.filter(|file| {
        let name = file.file_name();
        name.to_str().unwrap().starts_with(&prefix)
    });
    let text = fs::read_to_string(of_host.next().unwrap().path()).unwrap();
    let introduced: Vec<_> = text
        .lines()
        .filter(|line| line.contains("\"test\":"))
        .collect();
    let [introduced] = introduced[..] else {
        panic!("{text}");
    };
    assert!(
        introduced.contains("\"e\":\"host\"") && introduced.contains("\"test\":\"host of api\""),
        "{introduced}"
    );
    for event in ["provision", "body", "release", "end"] {
        assert!(text.contains(&format!("\"e\":\"{event}\"")), "{text}");
    }
}

/// Starts a host that no test uses any more. Also returns the file that its users have locked.
fn unused_host(state: &State) -> (u32, File) {
    let user = state.user_of_api().env("ISOLATED_LINGER", "1h");
    let mut user = user.start();
    let server = server_of(&mut user);
    user.release();
    let users = File::open(state.host_dirs()[0].join("users"));
    (server, users.unwrap())
}

/// Runs a tool that gives up a host.
fn clean_in_vain(state: &State) {
    let tool = state.user("cleans_in_vain");
    let _ = tool.env("ISOLATED_LOCK_TIMEOUT", "50ms").run().passed();
}

/// Stops a process while it has no lock on this file.
fn stop_without(file: &File, process: u32) {
    let stat = || fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    loop {
        signal("-STOP", process);
        while !stat().contains(") T ") {
            thread::yield_now();
        }
        if is_free(file) {
            return;
        }
        signal("-CONT", process);
    }
}

#[test]
fn a_tool_does_not_wait_for_ever_for_a_host_that_does_not_end() {
    let state = State::new();
    let (server, users) = unused_host(&state);
    stop_without(&users, server);
    clean_in_vain(&state);
    signal("-CONT", server);
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end");
    assert_eq!(state.processes(), []);
}

#[test]
fn a_tool_does_not_wait_for_ever_for_a_host_that_stands_still_as_its_last_user_goes() {
    let state = State::new();
    let (server, users) = unused_host(&state);
    // The host has this lock at that moment.
    lock(&users);
    clean_in_vain(&state);
    drop(users);
    signal("-TERM", server);
    state.wait_for_the_end();
    assert_eq!(state.processes(), []);
}

#[test]
fn a_tool_ends_no_process_that_only_has_the_id_of_a_host() {
    let state = State::new();
    let (server, _) = unused_host(&state);
    // As if the host were in a container.
    let mut other = Command::new("sleep").arg("1000").spawn().unwrap();
    let handle = state.host_dirs()[0].join("handle");
    let text = fs::read_to_string(&handle).unwrap();
    let of_host = format!("serving {server}\n");
    assert!(text.contains(&of_host), "{text}");
    let text = text.replace(&of_host, &format!("serving {}\n", other.id()));
    fs::write(handle, text).unwrap();
    let run = state.user("cleans_nothing").run();
    assert!(other.try_wait().unwrap().is_none());
    other.kill().unwrap();
    other.wait().unwrap();
    let _ = run.passed();
    signal("-TERM", server);
    state.wait_for_the_end();
    assert_eq!(state.processes(), []);
}
