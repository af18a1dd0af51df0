//! Programs with inner tests that an inner test starts.

use std::process::{Command, Output};

use isolated_test::current;

use crate::{listen, say};

use crate::named;

/// Returns the command that runs an inner test of the calling file in another process, as `cargo
/// test` does.
///
/// # Panics
///
/// Panics if the path of the running program is unknown.
#[must_use]
#[track_caller]
pub fn program(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the running program"));
    command.args([
        &format!("{}{test}", named::module()),
        "--exact",
        "--ignored",
        "--nocapture",
    ]);
    command
}

/// Passes on the standard error of a program, and expects that its test passed.
///
/// # Panics
///
/// Panics if its test did not pass.
#[track_caller]
pub fn assert_passed(output: &Output) {
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("1 passed; 0 failed"), "{printed}");
}

/// Runs an inner test of the calling file in another process, and expects it to pass.
///
/// # Panics
///
/// Panics if it did not pass.
#[track_caller]
pub fn run(test: &str) {
    assert_passed(&program(test).output().expect("the program starts"));
}

/// Sends the outer test the owner on whose behalf programs of this test act, and waits for
/// `release`.
///
/// # Panics
///
/// Panics outside of an isolated test.
pub fn tell_whom_to_act_for() {
    let mut command = Command::new("true");
    let mut variables = current().delegate_to(&mut command).get_envs();
    let owner = variables.find_map(|(_, value)| value?.to_str());
    say(&format!("owner {}", owner.expect("the variable")));
    listen("release");
}
