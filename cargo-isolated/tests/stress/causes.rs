//! Tests that fail for different reasons are told apart. Needs nextest.

use std::process::Command;

use serde_json::Value;

use crate::planted::{Planted, stderr, stdout};

/// Each fails for another reason. The processor counts as busy if the test gets less than 4 % of it,
/// which does not happen beside a few other processes.
const CAUSES: &str = r#"
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn dir() -> PathBuf {
    std::env::var_os("PLANTED").unwrap().into()
}

#[test]
fn holds_the_file() {
    let path = dir().join("held");
    std::fs::write(&path, "").unwrap();
    std::thread::sleep(Duration::from_millis(40));
    let _ = std::fs::remove_file(&path);
}

#[test]
fn needs_no_file() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(40) {
        assert!(!dir().join("held").exists(), "the file is there");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn needs_the_processor() {
    let processor_time = || -> u64 {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        stat.split(' ').next().unwrap().parse().unwrap()
    };
    for _ in 0..8 {
        let (start, used) = (Instant::now(), processor_time());
        while processor_time() < used + 10_000_000 {}
        assert!(start.elapsed() < Duration::from_millis(250), "the processor is busy");
    }
}
"#;

/// Runs the suite by nextest, or prints that the test is skipped.
fn by_nextest(options: &[&str], words: &[&str]) -> Option<Value> {
    let has_nextest = Command::new("cargo")
        .args(["nextest", "--version"])
        .output();
    if !has_nextest.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: nextest is not installed");
        return None;
    }
    let planted = Planted::new("causes", &[("tests/causes.rs", CAUSES)]);
    let words = [&["stress", "--json", "--noise=0"], options, &["--"], words].concat();
    let output = planted.run(&words);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    Some(serde_json::from_str(&stdout(&output)).expect("JSON"))
}

/// Whether this process is one of those that `cargo stress` throttles.
fn is_throttled() -> bool {
    let output = Command::new("nice").output().expect("the command `nice`");
    stdout(&output).trim() != "0"
}

fn causes(report: &Value) -> Vec<(&str, &Value)> {
    let tests = report["tests"].as_array().into_iter().flatten();
    let failed = tests.filter(|test| test["failures"] != 0);
    failed
        .map(|test| (test["name"].as_str().unwrap_or_default(), &test["cause"]))
        .collect()
}

#[test]
fn a_test_that_fails_beside_another_is_told_from_one_that_fails_alone() {
    let options = ["--rounds=4", "--copies=2", "--throttle=off"];
    let Some(report) = by_nextest(&options, &["file", "-j2"]) else {
        return;
    };
    let causes = causes(&report);
    let [("needs_no_file", cause)] = causes[..] else {
        panic!("{report:#}")
    };
    assert_eq!(cause["kind"], "beside", "{report:#}");
    assert_eq!(cause["alone"]["failures"], 0);
    let partners = cause["partners"].as_array().expect("partners");
    let names: Vec<_> = partners.iter().map(|partner| &partner["name"]).collect();
    assert_eq!(names, ["holds_the_file"], "{report:#}");
    assert_eq!(partners[0]["binary"], "causes::causes");
}

#[test]
fn a_test_that_needs_the_processor_fails_only_under_load() {
    if is_throttled() {
        eprintln!("skipped: this test is itself on a throttled processor");
        return;
    }
    let options = ["--rounds=6", "--copies=2", "--throttle=2%"];
    let Some(report) = by_nextest(&options, &["needs_the_processor"]) else {
        return;
    };
    let causes = causes(&report);
    let [("needs_the_processor", cause)] = causes[..] else {
        panic!("{report:#}")
    };
    assert_eq!(cause["kind"], "load", "{report:#}");
    assert_eq!(cause["alone"]["failures"], 0);
    assert_eq!(
        (&cause["part"], &cause["throttled"]["failures"]),
        (&0.02.into(), &5.into())
    );
}
