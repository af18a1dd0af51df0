//! Communication from these tests to the command.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Prints `word` at the start of a new line.
pub(crate) fn say(word: &str) {
    println!("\n{word}");
}

/// A line for the command, which keeps the call open as long as this process should wait.
struct Call(UnixStream);

impl Call {
    fn begin(line: &str) -> Self {
        let mut command = UnixStream::connect(file("command")).expect("the command listens");
        writeln!(command, "{line}").expect("the command listens");
        Call(command)
    }

    /// Waits until the command closes the call, or is gone.
    fn wait(mut self) {
        let _ = self.0.read(&mut [0]);
    }
}

/// Tells the command something, and waits until it lets this process continue.
pub(crate) fn tell(line: &str) {
    Call::begin(line).wait();
}

/// Stays until the test is killed or the demonstration is over.
pub(crate) fn stay() {
    tell("ready");
}

/// The path of a file in the directory of this demonstration.
pub(crate) fn file(name: &str) -> PathBuf {
    env::temp_dir().join(name)
}

/// A program that a test starts: runs until the demonstration is over.
#[test]
fn lingers() {
    linger("lingers");
}

/// Like [`lingers`], with a server on a port.
#[test]
fn serves() {
    let server = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let port = server.local_addr().expect("it is bound").port();
    linger(&format!("serves {port}"));
}

fn linger(line: &str) {
    let call = Call::begin(line);
    // Not by a macro, whose output the test runner captures.
    let mut output = io::stdout();
    let told = output.write_all(b"\nruns\n").and_then(|()| output.flush());
    told.expect("the test listens");
    call.wait();
}

/// Starts [`lingers`] or [`serves`] and waits until it runs.
#[expect(clippy::zombie_processes, reason = "it may outlive this test")]
pub(crate) fn start(test: &str) {
    let this = env::current_exe().expect("the binary is still there");
    let mut child = Command::new(this)
        .args([&format!("observed::{test}"), "--exact"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary can be run");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut lines = output.lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "runs"), "the program runs");
}
