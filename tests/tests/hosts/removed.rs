//! Files of hosts that somebody removes, such as a program that cleans `/tmp`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use isolated_test_tests::State;
use isolated_test_tests::processes::is_alive;

use crate::common::{Hosts, server_of};

/// Whether a process has a file open.
fn has_open(process: u32, file: &Path) -> bool {
    let wanted = fs::metadata(file).unwrap().ino();
    let open = fs::read_dir(format!("/proc/{process}/fd")).expect("a host that serves");
    open.flatten()
        .any(|one| fs::metadata(one.path()).is_ok_and(|one| one.ino() == wanted))
}

#[test]
fn a_host_sees_its_users_when_their_file_was_removed() {
    let state = State::new();
    let mut first = state.user_of_api().start();
    let server = server_of(&mut first);
    let users = state.host_dirs()[0].join("users");
    fs::remove_file(&users).unwrap();
    let mut second = state.user_of_api().start();
    assert_eq!(server_of(&mut second), server);
    first.release();
    while !has_open(server, &users) {
        std::thread::yield_now();
    }
    assert_eq!(state.happened(), "start");
    second.release();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end");
    assert_eq!(state.processes(), []);
}

#[test]
fn a_new_host_starts_when_the_directory_was_removed() {
    let state = State::new();
    let first = state.user_of_api();
    let mut first = first.env("ISOLATED_LINGER", "1h").start();
    let server = server_of(&mut first);
    first.release();
    fs::remove_dir_all(&state.host_dirs()[0]).unwrap();
    let mut second = state.user_of_api().start();
    assert_ne!(server_of(&mut second), server);
    assert!(!is_alive(server));
    second.release();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start start end");
    assert_eq!(state.processes(), []);
}

#[test]
fn a_host_ends_whose_handle_was_removed() {
    let state = State::new();
    let mut user = state.user_of_api().start();
    server_of(&mut user);
    let dir = &state.host_dirs()[0];
    fs::remove_dir_all(dir).unwrap();
    user.release();
    while !state.processes().is_empty() {
        std::thread::yield_now();
    }
    assert!(!dir.exists());
    assert_eq!(state.happened(), "start end");
}
