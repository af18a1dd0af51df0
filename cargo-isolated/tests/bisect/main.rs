//! `cargo isolated bisect` on tests that fail because of others.

use std::process::Command;
#[cfg(unix)]
use std::{
    fs,
    io::Read,
    process::{Child, Output, Stdio},
};

use serde_json::{Value, json};

use self::planted::{Planted, stderr, stdout};
use self::suites::statics;
#[cfg(unix)]
use self::suites::{interrupted, meetings};

#[path = "../planted/mod.rs"]
mod planted;
mod suites;
#[path = "../undisturbed/mod.rs"]
mod undisturbed;

/// Runs the command, which must succeed, and returns the sets of a way.
fn found(planted: &Planted, test: &str, way: &str, words: &[&str]) -> Vec<Value> {
    let words = [&["bisect", test, "--json", "--way", way], words].concat();
    let output = planted.run(&words);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(report["version"], 1);
    assert_eq!(report["alone"], json!({"failures": 0, "runs": 10}));
    assert_eq!(report["ways"][0]["way"], way);
    report["ways"][0]["sets"].as_array().expect("sets").clone()
}

/// The tests of each set.
fn names(sets: &[Value]) -> Vec<Vec<&str>> {
    let mut names: Vec<Vec<_>> = sets
        .iter()
        .map(|set| {
            let tests = set["tests"].as_array().into_iter().flatten();
            tests.filter_map(|test| test["name"].as_str()).collect()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn each_of_two_tests_before_it_is_found() {
    let planted = statics();
    let output = planted.run(&["bisect", "greets", "--way", "before"]);
    let set = |test: &str| {
        format!(
            "before it in the same process: fails with
  statics::statics {test}
  failed in 5 of 5 runs: a rate of 47–100 % (95 %)
  without it: 0 of 4 runs; needed with 95 % confidence
  failure: tests/statics.rs:43: assertion `left == right` failed: bonjour
  repeat:  cargo test -p statics --test statics -- --exact {test} greets --test-threads=1
"
        )
    };
    let (french, welsh) = (set("a_speaks_french"), set("d_speaks_welsh"));
    let expected = format!(
        "statics::statics greets

alone: passes in 10 of 10 runs

{french}
{welsh}
before it in the same process: passes with 4 other tests
  20 runs without a failure: the rate is at most 14 %
"
    );
    assert_eq!(stdout(&output), expected, "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(0));
    let progress = "before it in the same process: found 2 sets in ";
    assert!(stderr(&output).contains(progress), "{}", stderr(&output));

    let one = found(&planted, "greets", "before", &["--max", "1"]);
    assert_eq!(names(&one), [["a_speaks_french"]]);
}

#[test]
fn two_tests_that_are_needed_together_are_found() {
    let planted = statics();
    let sets = found(&planted, "needs_one_half_at_most", "before", &[]);
    assert_eq!(names(&sets), [["c_one_half", "e_other_half"]]);

    let command = sets[0]["command"].as_str().expect("a command");
    let mut shell = planted.command(&[]);
    let variables: Vec<_> = shell
        .get_envs()
        .map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)))
        .collect();
    let dir = shell.get_current_dir().expect("a directory").to_owned();
    shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(dir);
    for (name, value) in variables {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if cfg!(unix) {
        let output = shell.output().expect("a shell");
        assert_eq!(output.status.code(), Some(101), "{}", stderr(&output));
        assert!(
            stdout(&output).contains("both halves"),
            "{}",
            stdout(&output)
        );
    }
}

#[test]
fn a_failure_of_every_second_run_is_repeated_often_enough() {
    let options = ["--max", "1", "--confidence", "99.9%"];
    let sets = found(&statics(), "shaky", "before", &options);
    assert_eq!(names(&sets), [["d_speaks_welsh"]]);
    let rate = &sets[0]["rate"];
    assert_eq!(rate["failures"], 5);
    let clean = sets[0]["clean_runs_without"].as_u64();
    assert!(clean >= Some(24), "{sets:?}");
}

#[test]
fn a_test_on_another_thread_is_found() {
    let planted = statics();
    let sets = found(&planted, "waits", "threads", &["--max", "1"]);
    assert_eq!(names(&sets), [["z_comes_later"]]);
    let message = sets[0]["message"].as_str().expect("a message");
    assert!(
        message.ends_with("failed: changed at the same time"),
        "{message}"
    );
}

#[cfg(unix)]
#[test]
fn a_test_in_another_process_is_found() {
    let sets = found(&meetings(), "fails_beside_one", "processes", &["--runs=5"]);
    assert_eq!(names(&sets), [["hosts_left"]]);
    assert_eq!(sets[0]["tests"][0]["binary"], "meetings::hosts");
}

#[cfg(unix)]
#[test]
fn two_tests_in_other_processes_are_found() {
    let words = ["--max", "1"];
    let sets = found(&meetings(), "fails_beside_two", "processes", &words);
    assert_eq!(names(&sets), [["hosts_left", "hosts_right"]]);
}

#[test]
fn a_test_that_fails_alone_needs_no_other() {
    let output = statics().run(&["bisect", "f_fails_always"]);
    assert_eq!(output.status.code(), Some(1));
    let expected = "statics::statics f_fails_always

alone: fails in 10 of 10 runs: a rate of 69–100 % (95 %)
  failure: tests/statics.rs:38: always
  no other test is needed
";
    assert_eq!(stdout(&output), expected);
}

/// The test fails unless it has the environment that Cargo provides.
#[test]
fn a_test_runs_as_under_cargo_and_passes_with_all_others() {
    let words = ["bisect", "is_like_under_cargo", "--runs", "3"];
    let output = statics().run(&[&words[..], &["--", "--test", "environment"]].concat());
    let expected = "statics::environment is_like_under_cargo

alone: passes in 10 of 10 runs

before it in the same process: no test of its binary sorts before it

at the same time in the same process: its binary has no further test

at the same time in other processes: there is no other test

no other test makes it fail; it may need load: `cargo isolated stress`
";
    assert_eq!(stdout(&output), expected, "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(1));
}

/// The command, while it runs a test that waits forever.
#[cfg(unix)]
struct Waiting {
    command: Child,
    /// Kept open by the test.
    test: fs::File,
    _planted: Planted,
}

#[cfg(unix)]
impl Waiting {
    fn start(words: &[&str]) -> Self {
        let planted = interrupted();
        let held = planted.files.path().join("held");
        let made = Command::new("mkfifo").arg(&held).status();
        assert!(made.expect("a pipe").success());
        let command = planted
            .command(&[&["bisect"], words].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command");
        let mut test = fs::File::open(&held).expect("a pipe");
        let mut ready = [0; 6];
        test.read_exact(&mut ready).expect("a line");
        assert_eq!(&ready, b"ready\n");
        Self {
            command,
            test,
            _planted: planted,
        }
    }

    /// Signals the command, waits until the test is gone, and returns the output of the command.
    fn signal(mut self, signal: &str) -> Output {
        let id = self.command.id().to_string();
        let kill = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(kill.expect("the command `kill`").success());
        let mut rest = String::new();
        self.test.read_to_string(&mut rest).expect("text");
        assert_eq!(rest, "");
        self.command.wait_with_output().expect("the command")
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_prints_the_results_so_far_and_ends_the_tests() {
    let output = Waiting::start(&["waits_if_it_is_told_to"]).signal("INT");
    assert_eq!(output.status.code(), Some(2));
    let errors = stderr(&output);
    assert!(
        errors.ends_with("cargo isolated: interrupted\n"),
        "{errors}"
    );
    let known = "interrupted::waiting waits_if_it_is_told_to\n\nalone: passes in 10 of 10 runs\n";
    assert_eq!(stdout(&output), known);
}

#[cfg(unix)]
#[test]
fn a_killed_command_leaves_no_tests() {
    let output = Waiting::start(&["waits_if_it_is_told_to"]).signal("KILL");
    assert_eq!(output.status.code(), None);
}

#[cfg(unix)]
#[test]
fn a_killed_command_leaves_no_other_tests() {
    let words = ["a_changes_nothing", "--way", "processes"];
    let output = Waiting::start(&words).signal("KILL");
    assert_eq!(output.status.code(), None);
}

#[test]
fn another_workspace_can_be_named() {
    let planted = statics();
    let mut command = planted.command(&["bisect", "f_fails_always", "--", "--manifest-path"]);
    let dir = command.get_current_dir().expect("a directory");
    let manifest = dir.join("Cargo.toml");
    command.arg(manifest).current_dir(planted.files.path());
    let output = command.output().expect("the command");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let start = "statics::statics f_fails_always\n";
    assert!(stdout(&output).starts_with(start), "{}", stdout(&output));
}

#[test]
fn mistakes_are_explained() {
    let planted = statics();
    let error = |words: &[&str]| {
        let output = planted.run(&[&["bisect"], words].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        let text = stderr(&output);
        text.lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(
        error(&["is_like", "--", "--test", "environment"]),
        "cargo isolated: no test is called `is_like`; similar names: `statics::environment \
         is_like_under_cargo`"
    );
    assert_eq!(
        error(&["is_ignored", "--", "--test", "environment"]),
        "cargo isolated: `is_ignored` is ignored; remove its `ignore` attribute, or name another \
         test"
    );
    assert_eq!(
        error(&["greets", "--", "--nocapture"]),
        "cargo isolated: `--nocapture` does not select what to build; after `--`, write arguments \
         such as `-p`, `--test` and `--features`"
    );
    let none = error(&["greets", "--", "--test", "none"]);
    assert!(
        none.starts_with("cargo isolated: failed to build the tests; "),
        "{none}"
    );
}
