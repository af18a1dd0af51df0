//! The whole report, and the format of figures.

use std::time::Duration;

use super::render;
use crate::bisect::Rate;
use crate::stress::diagnosis::{Cause, Partner};
use crate::stress::examples::Examples;
use crate::stress::expected::TestId;
use crate::stress::options::tests::parse;
use crate::stress::results::{Outcome, Results};
use crate::stress::verdict::Found;

#[test]
fn the_catalogue_has_the_worst_first() {
    let target = tempfile::tempdir().unwrap();
    let mut examples = Examples::create(target.path()).unwrap();
    let mut found = Found {
        folder: examples.folder().to_owned(),
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
    let alone = Rate {
        failures: 5,
        runs: 7,
    };
    let often = TestId::new("x::b", "often");
    found.causes.insert(often, Cause::Alone { alone });
    let text = render(&parse("").unwrap(), &found);
    let text = text.replace(&*examples.folder().to_string_lossy(), "FOLDER");
    let expected = "\
all tests together: 9 runs in 3 rounds and 30 s, 4 failures: below 74.9 % (95 %)
each single test: 3 tests, each ran at least 3 times: below 100 % (95 %)
  below 1 % needs 299 clean runs of each: about 50 min at this rate

2 offenders:

x::b often
  failed in 3 of 3 runs: a rate of 29–100 % (95 %)
  fails alone too: in 5 of 7 runs
  1 × early
      see failure-3.txt
  2 × late
      see failure-2.txt

x::a once
  failed in 1 of 3 runs: a rate of 0.8–91 % (95 %)
  1 × once
      see failure-1.txt

the outputs are in FOLDER

not shown: the failure rate of every test is below 1 %; but tests have failed
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
    let text = render(&parse("").unwrap(), &found);
    let expected = "\
interrupted in round 1: 1 test run without a result, not counted
  x::a slow
all tests together: 0 runs in 0 rounds and 0 s, 0 failures: below 100 % (95 %)
";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn every_cause_is_explained() {
    let rate = |failures, runs| Rate { failures, runs };
    let alone = rate(0, 10);
    let partner = |name: &str| Partner {
        binary: "x".to_owned(),
        name: name.to_owned(),
        rate: rate(5, 6),
    };
    let load = Cause::Load {
        alone,
        throttled: rate(5, 5),
        part: 0.1,
    };
    let beside = Cause::Beside {
        alone,
        partners: vec![partner("b"), partner("a")],
    };
    let unknown = |throttled, partners| Cause::Unknown {
        alone,
        throttled,
        partners,
    };
    let explained = |cause: &Cause| {
        let mut text = String::new();
        super::write_cause(&mut text, &TestId::new("x", "a"), cause).unwrap();
        text
    };
    assert_eq!(
        explained(&load),
        "  fails only under load: alone with 10 % of a processor in 5 of 5 runs,\n    \
         at full speed in 0 of 10 runs\n"
    );
    assert_eq!(
        explained(&beside),
        "  fails only beside another test: alone in 0 of 10 runs,\n    in 5 of 6 runs beside x b\n    \
         in 5 of 6 runs beside itself, in another copy of the suite\n"
    );
    let hint = "    other tests: `cargo isolated bisect 'x a'`\n";
    assert_eq!(
        explained(&unknown(Some(alone), 2)),
        format!(
            "  did not fail again: alone in 0 of 10 runs, throttled in 0 of 10 runs,\n    \
             nor beside any of 2 tests that overlapped with failures\n{hint}"
        )
    );
    assert_eq!(
        explained(&unknown(None, 0)),
        format!("  did not fail again: alone in 0 of 10 runs\n{hint}")
    );
}
