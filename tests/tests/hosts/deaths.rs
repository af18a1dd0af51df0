//! Killed processes of a host: leftovers, and the messages to tests.

use std::fs;

use isolated_test_tests::State;
use isolated_test_tests::processes::is_alive;

use crate::common::{Hosts, gate, open, parent, server_of, signal, wait_for, waits};

mod inner {
    use isolated_test::isolated;
    use isolated_test_tests::hold;

    use crate::common::{API, tell};

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn needs_nothing() {}

    #[isolated(api = API)]
    #[test]
    #[ignore = "started by another test"]
    fn fails(api: &str) {
        tell(api);
        hold();
        panic!("on purpose");
    }
}

/// The child that the resource has started in its host.
fn child(state: &State) -> u32 {
    let processes = state.processes();
    processes
        .iter()
        .find(|(_, name)| name == "sleep")
        .unwrap()
        .0
}

#[test]
fn a_killed_user_uses_the_host_no_longer() {
    let state = State::new();
    let mut user = state.user_of_api().start();
    server_of(&mut user);
    user.kill();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end");
    assert_eq!(state.processes(), []);
}

#[test]
fn nothing_is_left_when_the_directory_of_a_host_that_ends_is_removed() {
    let state = State::new();
    let mut user = state.user_of_api().start();
    server_of(&mut user);
    let child = child(&state);
    user.release();
    while !state.host_dirs().is_empty() {
        std::thread::yield_now();
    }
    assert!(!is_alive(child));
    state.wait_for_the_end();
}

#[test]
fn a_killed_host_takes_everything_with_it_and_its_users_are_told() {
    let state = State::new();
    let mut user = state.user("fails").start();
    let server = server_of(&mut user);
    signal("-KILL", server);
    state.wait_for_the_end();
    let left: Vec<_> = state.processes().into_iter().map(|(id, _)| id).collect();
    assert_eq!(left, [user.id()]);

    // The next test gets a new one, while the other test still runs.
    let mut next = state.user_of_api().start();
    assert_ne!(server_of(&mut next), server);
    next.release();
    user.tell("release");
    let run = user.finish().failed();
    let told = format!(
        "isolated-test: hosts::deaths::inner::fails: the host of `api` (pid {server}) has ended during the test\n"
    );
    assert!(run.errors.contains(&told), "{}", run.errors);
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start start end");
    assert_eq!(state.processes(), []);
}

#[test]
fn a_test_that_fails_while_the_host_serves_does_not_blame_it() {
    let state = State::new();
    let mut user = state.user("fails").start();
    let server = server_of(&mut user);
    user.tell("release");
    let run = user.finish().failed();
    assert!(!run.errors.contains("has ended"), "{}", run.errors);
    let described = format!("api = host with pid {server}, log ");
    assert!(run.errors.contains(&described), "{}", run.errors);
    state.wait_for_the_end();

    // The log stays until another test begins.
    let [dir] = &state.host_dirs()[..] else {
        panic!("one directory")
    };
    let log = fs::read_to_string(dir.join("log")).unwrap();
    assert_eq!(log, "the host prints\n");
    let _ = state.inner("needs_nothing").run().passed();
    assert!(!dir.exists());
}

#[test]
fn what_a_killed_supervisor_leaves_is_killed_by_the_next_test() {
    let state = State::new();
    let mut user = state.user_of_api().start();
    let server = server_of(&mut user);
    let child = child(&state);
    signal("-KILL", parent(server));
    wait_for(server);
    assert!(is_alive(child));
    let mut next = state.user_of_api().start();
    assert_ne!(server_of(&mut next), server);
    assert!(!is_alive(child));
    next.release();
    user.release();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start start end");
    assert_eq!(state.processes(), []);
}

#[test]
fn what_is_left_when_all_are_killed_is_removed_by_any_test() {
    let state = State::new();
    let mut user = state.user_of_api().start();
    let server = server_of(&mut user);
    let child = child(&state);
    signal("-KILL", parent(server));
    user.kill();
    wait_for(server);
    state.wait_for_the_end();
    assert!(is_alive(child));
    let _ = state.inner("needs_nothing").run().passed();
    assert!(!is_alive(child));
    assert_eq!(state.host_dirs(), [] as [std::path::PathBuf; 0]);
    assert_eq!(state.processes(), []);
}

#[test]
fn a_host_that_is_asked_to_end_releases_the_resource() {
    let state = State::new();
    let mut user = state.user_of_api().env("ISOLATED_LINGER", "1h").start();
    let server = server_of(&mut user);
    user.release();
    signal("-TERM", server);
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end");
    assert_eq!(state.processes(), []);
}

#[test]
fn a_host_ends_whose_resource_is_not_released() {
    let state = State::new();
    let user = state.user("fails").env("BREAK_RELEASE", gate(&state));
    let user = user.env("ISOLATED_LOCK_TIMEOUT", "1s");
    let mut user = user.start();
    server_of(&mut user);
    user.tell("release");
    let _ = user.finish().failed();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end");
    assert_eq!(state.processes(), []);
    let log = fs::read_to_string(state.host_dirs()[0].join("log")).unwrap();
    let reason = "isolated-test: the resource of this host was not released within 500ms\n";
    assert!(log.ends_with(reason), "{log}");
}

#[test]
fn the_log_of_a_host_stays_that_could_not_release_its_resource() {
    let state = State::new();
    let user = state.user_of_api().env("BREAK_RELEASE", "/nowhere");
    user.start().release();
    state.wait_for_the_end();
    assert_eq!(state.processes(), []);
    let log = fs::read_to_string(state.host_dirs()[0].join("log")).unwrap();
    let reason = "isolated-test: host of api: failed to release the resource `api`: No such file";
    assert!(log.contains(reason), "{log}");
}

#[test]
fn a_test_that_comes_when_the_host_ends_waits_for_it_and_starts_another_one() {
    let state = State::new();
    let gate = gate(&state);
    let first = state.user_of_api().env("BREAK_RELEASE", &gate);
    let mut first = first.start();
    let server = server_of(&mut first);
    first.release();
    while state.happened() != "start end" {
        std::thread::yield_now();
    }
    let mut second = state.user_of_api().start();
    while !waits(second.id()) {
        std::thread::yield_now();
    }
    assert_eq!(state.happened(), "start end");
    open(&gate);
    assert_ne!(server_of(&mut second), server);
    second.release();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end start end");
    assert_eq!(state.processes(), []);
}
