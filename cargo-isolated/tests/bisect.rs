//! `cargo isolated bisect` on tests that others make fail.

use std::process::Command;

use serde_json::{Value, json};

use self::planted::{Planted, stderr, stdout};

mod planted;

/// Tests that change statics.
const STATICS: &str = r#"
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

static LANGUAGE: AtomicU32 = AtomicU32::new(0);
static HALVES: AtomicU32 = AtomicU32::new(0);
static LATE: AtomicU32 = AtomicU32::new(0);

#[test]
fn a_speaks_french() {
    LANGUAGE.store(1, SeqCst);
}

#[test]
fn b_innocent() {}

#[test]
fn c_one_half() {
    HALVES.fetch_or(1, SeqCst);
}

#[test]
fn d_speaks_welsh() {
    LANGUAGE.store(2, SeqCst);
}

#[test]
fn e_other_half() {
    HALVES.fetch_or(2, SeqCst);
}

#[test]
fn f_fails_always() {
    panic!("always");
}

#[test]
fn greets() {
    assert_eq!(LANGUAGE.load(SeqCst), 0, "another language");
}

#[test]
fn needs_one_half_at_most() {
    assert_ne!(HALVES.load(SeqCst), 3, "both halves");
}

#[test]
fn shaky() {
    let is_lucky = RandomState::new().build_hasher().finish() % 2 == 0;
    assert!(is_lucky || LANGUAGE.load(SeqCst) != 2, "unlucky");
}

#[test]
fn waits() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(40) {
        assert_eq!(LATE.load(SeqCst), 0, "changed at the same time");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn z_comes_later() {
    LATE.store(1, SeqCst);
}
"#;

/// Tests that look at the files of others.
const VISITORS: &str = r#"
use std::time::{Duration, Instant};

fn fails_beside(names: &[&str]) {
    let dir = std::path::PathBuf::from(std::env::var_os("PLANTED").unwrap());
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(20) {
        assert!(!names.iter().all(|name| dir.join(name).exists()), "met {names:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn fails_beside_one() {
    fails_beside(&["one"]);
}

#[test]
fn fails_beside_two() {
    fails_beside(&["left", "right"]);
}
"#;

/// Tests that have a file for some time.
const HOLDERS: &str = r#"
use std::time::Duration;

fn hold(name: &str) {
    let path = std::path::PathBuf::from(std::env::var_os("PLANTED").unwrap()).join(name);
    std::fs::write(&path, "").unwrap();
    std::thread::sleep(Duration::from_millis(20));
    let _ = std::fs::remove_file(&path);
}

#[test]
fn holds_left() {
    hold("left");
}

#[test]
fn holds_nothing() {}

#[test]
fn holds_one() {
    hold("one");
}

#[test]
fn holds_right() {
    hold("right");
}
"#;

/// A test that sees what Cargo gives it.
const ENVIRONMENT: &str = r#"
#[test]
fn is_like_under_cargo() {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("no `{name}`"));
    assert_eq!(variable("CARGO_MANIFEST_DIR"), env!("CARGO_MANIFEST_DIR"));
    assert_eq!(std::env::current_dir().unwrap().to_str().unwrap(), env!("CARGO_MANIFEST_DIR"));
    assert_eq!(variable("CARGO_PKG_NAME"), "statics");
    assert_eq!(variable("CARGO_PKG_VERSION"), "7.8.9");
    assert_eq!(variable("OUT_DIR"), env!("OUT_DIR"));
    assert_eq!(variable("OF_BUILD_SCRIPT"), "built");
    assert_eq!(variable("OF_CONFIG"), "configured");
}

#[test]
#[ignore = "takes long"]
fn is_ignored() {}
"#;

fn statics() -> Planted {
    let script = "fn main() { println!(\"cargo:rustc-env=OF_BUILD_SCRIPT=built\") }";
    Planted::new(
        "statics",
        &[
            ("build.rs", script),
            (".cargo/config.toml", "[env]\nOF_CONFIG = 'configured'\n"),
            ("tests/environment.rs", ENVIRONMENT),
            ("tests/statics.rs", STATICS),
        ],
    )
}

fn files() -> Planted {
    let files = [
        ("tests/holders.rs", HOLDERS),
        ("tests/visitors.rs", VISITORS),
    ];
    Planted::new("files", &files)
}

/// Runs the command, which must find something, and returns the sets of a way.
fn found(planted: &Planted, test: &str, way: &str, words: &[&str]) -> Vec<Value> {
    let words = [&["bisect", test, "--json", "--way", way], words].concat();
    let output = planted.run(&words);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(
        (&report["version"], &report["confidence"]),
        (&json!(1), &json!(0.95))
    );
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
    let command = "cargo test -p statics --test statics -- --exact";
    let expected = format!(
        "statics::statics greets

alone: passes in 10 of 10 runs

before it in the same process: fails with
  statics::statics a_speaks_french
  failed in 5 of 5 runs: a rate of 47–100 % (95 %)
  without it: 0 of 4 runs; needed with 95 % confidence
  failure: tests/statics.rs:41: assertion `left == right` failed: another language
  repeat:  {command} a_speaks_french greets --test-threads=1

before it in the same process: fails with
  statics::statics d_speaks_welsh
  failed in 5 of 5 runs: a rate of 47–100 % (95 %)
  without it: 0 of 4 runs; needed with 95 % confidence
  failure: tests/statics.rs:41: assertion `left == right` failed: another language
  repeat:  {command} d_speaks_welsh greets --test-threads=1

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
    let sets = found(&statics(), "shaky", "before", &["--max", "1"]);
    assert_eq!(names(&sets), [["d_speaks_welsh"]]);
    let rate = &sets[0]["rate"];
    assert_eq!(rate["failures"], 5);
    let (runs, clean) = (
        rate["runs"].as_u64(),
        sets[0]["clean_runs_without"].as_u64(),
    );
    assert!(clean > Some(4) && clean > runs, "{sets:?}");
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

#[test]
fn a_test_in_another_process_is_found() {
    let sets = found(&files(), "fails_beside_one", "processes", &[]);
    assert_eq!(names(&sets), [["holds_one"]]);
    assert_eq!(sets[0]["tests"][0]["binary"], "files::holders");
}

#[test]
fn two_tests_in_other_processes_are_found() {
    let sets = found(&files(), "fails_beside_two", "processes", &["--max", "1"]);
    assert_eq!(names(&sets), [["holds_left", "holds_right"]]);
}

#[test]
fn a_test_that_fails_alone_needs_no_other() {
    let output = statics().run(&["bisect", "f_fails_always"]);
    assert_eq!(output.status.code(), Some(1));
    let expected = "statics::statics f_fails_always

alone: fails in 10 of 10 runs: a rate of 69–100 % (95 %)
  failure: tests/statics.rs:36: always
  no other test is needed
";
    assert_eq!(stdout(&output), expected);
}

/// Its environment would make it fail, were it not that of Cargo.
#[test]
fn a_test_runs_as_under_cargo_and_passes_with_all_others() {
    let words = ["bisect", "is_like_under_cargo", "--runs", "3"];
    let output = statics().run(&[&words[..], &["--", "--test", "environment"]].concat());
    let expected = "statics::environment is_like_under_cargo

alone: passes in 10 of 10 runs

before it in the same process: no test of its binary sorts before it

at the same time in the same process: its binary has no other test

at the same time in other processes: there is no other test

no other test makes it fail; it may need load: `cargo isolated stress`
";
    assert_eq!(stdout(&output), expected, "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(1));
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
        "cargo isolated: `is_ignored` is ignored; remove `#[ignore]`"
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
