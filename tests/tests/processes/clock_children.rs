//! `clock`: the programs that a test starts see it too.

use std::process::{Command, Output};
use std::time::Duration;

use isolated_test::{current, isolated};
use isolated_test_tests::State;

mod inner {
    use super::date;
    use isolated_test::isolated;

    #[isolated(clock(at = "2026-02-28T23:59:59Z", frozen), network)]
    #[test]
    #[ignore = "started by another test"]
    fn has_its_own_network() {
        assert_eq!(date(&[]), "2026-02-28T23:59:59.000000000");
    }

    #[isolated(clock(at = "2001-01-01", frozen))]
    #[test]
    #[ignore = "started by another test"]
    fn is_in_another_test() {
        let libraries = std::env::var("LD_PRELOAD").unwrap();
        assert_eq!(libraries.split(':').count(), 1, "{libraries}");
        assert_eq!(date(&[]), "2001-01-01T00:00:00.000000000");
        std::thread::scope(|_| isolated_test::current().clock().set(std::time::UNIX_EPOCH));
        assert_eq!(date(&[]), "1970-01-01T00:00:00.000000000");
    }
}

const DATE: [&str; 3] = ["date", "-u", "+%FT%T.%N"];

fn output(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

/// The output of `date` when it is started by these programs.
fn date(through: &[&str]) -> String {
    let words = [through, &DATE].concat();
    let output = output(Command::new(words[0]).args(&words[1..]));
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[isolated(
    clock(at = "2026-02-28T23:59:59.5Z", frozen),
    env(TZ = "Europe/Berlin")
)]
#[test]
fn children_and_their_children_see_it() {
    let programs: [&[&str]; 4] = [
        &[],
        &["env"],
        &["sh", "-c", "\"$@\" & wait", "sh"],
        &["setsid", "--wait", "sh", "-c", "exec \"$@\"", "sh"],
    ];
    for through in programs {
        assert_eq!(date(through), "2026-02-28T23:59:59.500000000");
    }
}

#[isolated(clock(at = "2026-02-28T23:59:59Z", frozen))]
#[test]
fn a_child_that_runs_already_sees_changes() {
    // The shell has read the time once, and reads it again after the line.
    let script = "printf '%(%s)T\\n'; read line; printf '%(%s)T\\n'";
    let mut shell = Command::new("bash")
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = std::io::BufReader::new(shell.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    assert_eq!(line, "1772323199\n");
    current().clock().advance(Duration::from_secs(1));
    std::io::Write::write_all(&mut shell.stdin.take().unwrap(), b"\n").unwrap();
    line.clear();
    std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    assert_eq!(line, "1772323200\n");
    assert!(shell.wait().unwrap().success());
}

/// A program that has the library and cannot reach the clock says so.
#[isolated(clock(at = "2026-02-28T23:59:59Z", frozen))]
#[test]
fn a_program_without_the_variable_says_that_it_has_another_clock() {
    let mut command = Command::new(DATE[0]);
    let output = output(command.args(&DATE[1..]).env_remove("ISOLATED_CLOCK"));
    assert!(!output.stdout.starts_with(b"2026-02-28T23:59:59"));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "isolated-test: a program of a test sees the real clock, because the clock of the test cannot be reached \
         through `ISOLATED_CLOCK`\n"
    );
}

#[isolated(clock(at = "2026-02-28T23:59:59Z", frozen), env(clear, WORD = "word"))]
#[test]
fn cleared_variables_leave_the_clock() {
    assert_eq!(std::env::var("WORD").unwrap(), "word");
    assert_eq!(date(&[]), "2026-02-28T23:59:59.000000000");
}

#[isolated(clock(at = "2030-01-01", frozen))]
#[test]
fn a_test_within_has_its_own_clock_and_only_that() {
    let state = State::new();
    let _ = state.inner("is_in_another_test").run().passed();
    assert_eq!(date(&[]), "2030-01-01T00:00:00.000000000");
}

#[test]
fn a_user_without_privileges_has_it_in_a_network_of_its_own() {
    let state = State::new();
    if isolated_test_tests::refusal::networks_are_refused() {
        return;
    }
    let _ = state.inner_as_nobody("has_its_own_network").run().passed();
    let _ = state.inner("has_its_own_network").run().passed();
}
