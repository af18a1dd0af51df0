//! The command tells failures with different causes apart. Needs nextest.

use std::process::Command;

use serde_json::Value;

use crate::planted::{Planted, stderr, stdout};

/// A module of the planted tests that must run at the same time.
const MEETING: &str = include_str!("../planted/meeting.rs");

/// Tests whose failures have different causes. A test with a deadline would also fail on a busy
/// machine, so `needs_the_processor` reads its priority instead, and fails exactly if it is throttled.
const CAUSES: &str = r#"
mod meeting;

#[test]
fn hosts_another() {
    meeting::host("host");
}

#[test]
fn wants_no_other() {
    assert!(!meeting::meets(&["host"]), "met another");
}

#[test]
fn needs_the_processor() {
    let usual: i32 = std::env::var("PLANTED_NICENESS").unwrap().parse().unwrap();
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let niceness: i32 = fields.split(' ').nth(16).unwrap().parse().unwrap();
    assert!(niceness <= usual, "too late");
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
    let planted = Planted::new(
        "causes",
        &[
            ("tests/causes.rs", CAUSES),
            ("tests/meeting/mod.rs", MEETING),
        ],
    );
    let words = [&["stress", "--json", "--noise=0"], options, &["--"], words].concat();
    // `cargo stress` throttles this test too.
    let niceness = Command::new("nice").output().expect("the command `nice`");
    let mut command = planted.command(&words);
    command.env("PLANTED_NICENESS", stdout(&niceness).trim());
    let output = command.output().expect("the command");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    Some(serde_json::from_str(&stdout(&output)).expect("JSON"))
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
    let Some(report) = by_nextest(&options, &["other", "-j2"]) else {
        return;
    };
    let causes = causes(&report);
    let [("wants_no_other", cause)] = causes[..] else {
        panic!("{report:#}")
    };
    assert_eq!(cause["kind"], "beside", "{report:#}");
    assert_eq!(cause["alone"]["failures"], 0);
    let partners = cause["partners"].as_array().expect("partners");
    let names: Vec<_> = partners.iter().map(|partner| &partner["name"]).collect();
    assert_eq!(names, ["hosts_another"], "{report:#}");
    assert_eq!(partners[0]["binary"], "causes::causes");
}

#[test]
fn a_test_that_needs_the_processor_fails_only_under_load() {
    let options = ["--rounds=2", "--copies=2", "--throttle=5%"];
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
        (&0.05.into(), &5.into())
    );
}
