//! Communication from these tests to the command.

use std::env;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// Prints `word` at the start of a new line.
pub(crate) fn say(word: &str) {
    println!("\n{word}");
}

/// Prints `ready` and sleeps until the test is killed.
pub(crate) fn stay() {
    say("ready");
    thread::sleep(Duration::from_secs(20));
}

/// The path of a file in the directory of this demonstration.
pub(crate) fn file(name: &str) -> PathBuf {
    env::temp_dir().join(name)
}

/// Sleeps, as the body of a test that does some work.
///
/// The demonstrations depend on no timing except the length of bodies, which far exceeds everything
/// else.
pub(crate) fn sleep(milliseconds: u64) {
    thread::sleep(Duration::from_millis(milliseconds));
}

/// A program that a test starts: runs until it ends on its own or is no longer needed.
#[test]
fn lingers() {
    std::fs::write(file("lingering"), std::process::id().to_string()).expect("it can be written");
    sleep(10_000);
}

/// Like [`lingers`], with a server on a port.
#[test]
fn serves() {
    let server = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let port = server.local_addr().expect("it is bound").port();
    std::fs::write(file("lingering"), std::process::id().to_string()).expect("it can be written");
    std::fs::write(file("port"), port.to_string()).expect("it can be written");
    sleep(10_000);
}

/// Starts [`lingers`] or [`serves`] and waits until it runs.
pub(crate) fn start(test: &str) {
    let this = env::current_exe().expect("the binary is still there");
    let child = std::process::Command::new(this)
        .args([&format!("observed::{test}"), "--exact"])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    drop(child.expect("the binary can be run"));
    while !file(if test == "serves" {
        "port"
    } else {
        "lingering"
    })
    .exists()
    {
        sleep(1);
    }
}
