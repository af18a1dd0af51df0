//! The whole report, and the format of figures.

use std::time::Duration;

use super::{number, percent, render, time};
use crate::examples::Examples;
use crate::options::Options;
use crate::results::{Outcome, Results};
use crate::rounds::Found;
use crate::suite::TestId;

#[test]
fn the_catalogue_has_the_worst_first() {
    let target = tempfile::tempdir().unwrap();
    let mut examples = Examples::create(target.path()).unwrap();
    let mut found = Found {
        folder: "FOLDER".into(),
        ..Found::default()
    };
    for round in 0..3 {
        let fails = |mode: &str| Outcome::failed(mode, "");
        let late = if round == 2 { "early" } else { "late" };
        let once = if round == 0 {
            fails("once")
        } else {
            Outcome::Passed
        };
        let results: Results = [
            (TestId::new("x::a", "good"), Outcome::Passed),
            (TestId::new("x::a", "once"), once),
            (TestId::new("x::b", "often"), fails(late)),
        ]
        .into();
        found.records.add(results, &mut examples, "").unwrap();
        found.rounds += 1;
        found.time += Duration::from_secs(10);
    }
    let text = render(&Options::default(), &found);
    let text = text.replace(&*examples.folder().to_string_lossy(), "FOLDER");
    let expected = "\
all tests together: 9 test runs in 3 rounds and 30 s, 4 failures: the flake rate is below 74.9 % (95 %)
each test alone: 3 tests, each ran at least 3 times: the rate of every one is below 100 % (95 %)
  below 0.1 % needs 2,995 clean runs of each: about 9 h at this rate

2 offenders:
failures/runs   at most   test
          3/3     100 %   x::b often
          1 ×   early
                FOLDER/failure-3.txt
          2 ×   late
                FOLDER/failure-2.txt
          1/3    86.5 %   x::a once
          1 ×   once
                FOLDER/failure-1.txt

the output of each run of the suite with failures: FOLDER

not shown: the flake rate of all tests together is below 0.1 %; but tests have failed
";
    assert_eq!(text, expected);
}

#[test]
fn what_was_cut_off_is_named() {
    let found = Found {
        cut_off: Some("interrupted"),
        without_result: vec![TestId::new("x::a", "slow")],
        ..Found::default()
    };
    let text = render(&Options::default(), &found);
    let expected = "\
interrupted in round 1: 1 test run without a result do not count
  x::a slow
all tests together: 0 test runs in 0 rounds and 0 s, 0 failures: the flake rate is below 100 % (95 %)
";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn figures_are_rounded_up() {
    assert_eq!(percent(0.001), "0.1 %");
    assert_eq!(percent(0.000_999_7), "0.1 %");
    assert_eq!(percent(0.000_801_1), "0.0802 %");
    assert_eq!(percent(0.5), "50 %");
    assert_eq!(percent(0.999_999), "100 %");
    assert_eq!(percent(1.0), "100 %");
    assert_eq!(number(&12), "12");
    assert_eq!(number(&1_234_567), "1,234,567");
    assert_eq!(time(Duration::from_secs(119)), "119 s");
    assert_eq!(time(Duration::from_secs(121)), "3 min");
    assert_eq!(time(Duration::from_secs(5_000_000)), "1,389 h");
}
