//! What these tests say to the command.

use std::env;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// Says something at the beginning of a line of its own.
pub(crate) fn say(word: &str) {
    println!("\n{word}");
}

/// Says that the test is where the command wants it, and stays there until it is killed.
pub(crate) fn stay() {
    say("ready");
    thread::sleep(Duration::from_secs(20));
}

/// A file in the directory of this demonstration.
pub(crate) fn file(name: &str) -> PathBuf {
    env::temp_dir().join(name)
}

/// Takes some milliseconds, as the body of a test does that works.
///
/// Demonstrations depend on no other speed than that of bodies, which are long against all else.
pub(crate) fn sleep(milliseconds: u64) {
    thread::sleep(Duration::from_millis(milliseconds));
}

/// Runs until its own end, or until it is no longer needed: a program that a test has started.
#[test]
fn lingers() {
    std::fs::write(file("lingering"), std::process::id().to_string()).expect("it can be written");
    sleep(10_000);
}

/// The same, with a server on a port.
#[test]
fn serves() {
    let server = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let port = server.local_addr().expect("it is bound").port();
    std::fs::write(file("lingering"), std::process::id().to_string()).expect("it can be written");
    std::fs::write(file("port"), port.to_string()).expect("it can be written");
    sleep(10_000);
}

/// Starts one of the two, and waits until it runs.
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
