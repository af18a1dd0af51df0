//! When the command ends, so does everything that it has started.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

use crate::planted::{Planted, stdout};
use crate::quiet;

/// A test that waits forever, with a child that keeps the pipe `held` open.
const WAITING: &str = r#"
#[test]
fn forever() {
    use std::io::Write;
    let dir = std::path::PathBuf::from(std::env::var_os("PLANTED").unwrap());
    let mut held = std::fs::File::options().write(true).open(dir.join("held")).unwrap();
    writeln!(held, "ready").unwrap();
    let mut child = std::process::Command::new("sleep");
    child.arg("100000").stdin(held).spawn().unwrap().wait().unwrap();
}
"#;

/// The command, while it runs a test that waits forever.
struct Waiting {
    command: Child,
    /// Kept open by the command and the noise.
    errors: BufReader<ChildStderr>,
    /// Kept open by the tests and their children.
    tests: BufReader<fs::File>,
    _planted: Planted,
}

impl Waiting {
    fn start() -> Self {
        let planted = Planted::new("waiting", &[("tests/waiting.rs", WAITING)]);
        let held = planted.files.path().join("held");
        let made = Command::new("mkfifo").arg(&held).status();
        assert!(made.expect("a pipe").success());
        let mut command = planted
            .command(&["stress", "--copies", "2", "--noise", "1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command");
        let errors = command.stderr.take().expect("it is piped");
        let (mut errors, mut line) = (BufReader::new(errors), String::new());
        while !line.contains("to be shown") {
            line.clear();
            assert!(
                errors.read_line(&mut line).expect("a line") > 0,
                "it has ended"
            );
        }
        let mut tests = BufReader::new(fs::File::open(&held).expect("a pipe"));
        tests.read_line(&mut line).expect("a line");
        Self {
            command,
            errors,
            tests,
            _planted: planted,
        }
    }

    fn signal(&self, signal: &str) {
        let id = self.command.id().to_string();
        let kill = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(kill.expect("the command `kill`").success());
    }

    /// Waits until every process that could write is gone, and returns the rest of standard error.
    fn rest(&mut self) -> String {
        let mut text = String::new();
        self.tests.read_to_string(&mut text).expect("text");
        text.clear();
        self.errors.read_to_string(&mut text).expect("text");
        text
    }
}

#[test]
fn an_interrupt_ends_everything_and_says_what_is_known() {
    let mut waiting = Waiting::start();
    waiting.signal("INT");
    let rest = waiting.rest();
    assert!(rest.contains("round 1, interrupted: 0 runs in "), "{rest}");
    let output = waiting.command.wait_with_output().expect("the command");
    let text = stdout(&output);
    let start = "interrupted in round 1: 2 test runs without a result, not counted\n";
    assert!(text.starts_with(start), "{text}");
    assert_eq!(output.status.code(), Some(2));
}

/// The time limit cannot end the copies before they start, because the tests are listed first.
#[test]
fn the_end_of_the_time_ends_everything() {
    let endless = "#[test] fn forever() { loop { std::thread::park() } }";
    let planted = Planted::new("forever", &[("tests/forever.rs", endless)]);
    let output = planted.run(&quiet(&["--copies", "2", "--for", "0.6s"]));
    let text = stdout(&output);
    let start =
        "the time was up in round 1: 2 test runs without a result, not counted\n  forever::";
    assert!(text.starts_with(start), "{text}");
    assert_eq!(output.status.code(), Some(2), "{text}");
}

#[test]
fn a_killed_command_leaves_neither_noise_nor_tests() {
    let mut waiting = Waiting::start();
    waiting.signal("KILL");
    // Returns once no process holds either pipe.
    waiting.rest();
    waiting.command.wait().expect("the command");
}
