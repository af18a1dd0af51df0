//! Parses real output, complete and disturbed.

use super::read;
use crate::stress::expected::{Runner, TestId};
use crate::stress::output;
use crate::stress::recorded::{NEXTEST, ended, modes, output, suite};
use crate::stress::results::{Ended, How, Outcome, Results};

fn parse(output: &str) -> Results {
    read(&suite(), &ended(output))
}

#[test]
fn every_test_has_a_result() {
    let results = parse(NEXTEST);

    assert_eq!(results.len(), 14);
    let expected: Vec<_> = suite().of(Runner::Nextest).collect();
    assert!(expected.iter().eq(results.keys()));
    assert_eq!(modes(&results, "sample::passing"), []);
    assert_eq!(
        modes(&results, "sample::aborting"),
        [
            ("aborts", "ended by SIGABRT"),
            ("exits", "test failed with exit code 3"),
        ]
    );
    assert_eq!(
        modes(&results, "sample::failing"),
        [
            (
                "does_not_panic",
                "note: test did not panic as expected at tests/failing.rs:#:#"
            ),
            ("errs", "Error: \"no #\""),
            ("inner::panics_in_thread", "tests/failing.rs:6: in thread"),
            (
                "panics",
                "tests/failing.rs:1: assertion `left == right` failed: the pid"
            ),
            ("panics_otherwise", "tests/failing.rs:3: that"),
        ]
    );
}

#[test]
fn each_failed_test_has_its_own_output() {
    let results = parse(NEXTEST);
    let panics = output(&results, "sample::failing", "panics");
    assert!(panics.contains("\nsaid first\n"), "{panics}");
    assert!(panics.contains("\nto stderr\n"), "{panics}");
    assert!(!panics.contains("thread 'panics_otherwise'"), "{panics}");
    let last = output(&results, "sample::failing", "panics_otherwise");
    assert!(!last.contains("PASS"), "{last}");

    let before = NEXTEST.replace(
        ") sample::passing five",
        ") sample::passing of_somebody_else",
    );
    let summary = before.find("────────────\n     Summary").unwrap();
    let line = "        FAIL [   0.006s] (14/14) sample::passing five\n";
    let results = parse(&format!(
        "{}{line}{}",
        &before[..summary],
        &before[summary..]
    ));
    assert_eq!(
        output(&results, "sample::passing", "five"),
        "",
        "the summary is nobody's output"
    );
}

#[test]
fn what_is_neither_passed_nor_known_is_a_failure() {
    let line = "        PASS [   0.006s] (12/14) sample::passing one\n";
    let with = |new: &str| parse(&NEXTEST.replace(line, new));
    let found = |results: &Results| {
        let modes = modes(results, "sample::passing");
        modes.first().map(|(_, mode)| (*mode).to_owned())
    };
    let said = |status: &str| with(&line.replace("PASS", status));
    assert_eq!(found(&said("LEAK")), None);
    assert_eq!(found(&said("TIMEOUT")), Some("timeout".to_owned()));
    assert_eq!(
        found(&said("LEAK-FAIL")),
        Some("nextest says LEAK-FAIL".to_owned())
    );
    assert_eq!(found(&said("SIGSEGV")), Some("ended by SIGSEGV".to_owned()));

    let one = TestId::new("sample::passing", "one");
    assert!(!with("").contains_key(&one), "it is lost");
    let slow = format!(
        "{}{line}",
        line.replace("PASS [   0.006s]", "SLOW [> 60.000s]")
    );
    assert_eq!(with(&slow)[&one], Outcome::Passed);
}

#[test]
fn a_run_that_breaks_off_loses_no_test() {
    let at = NEXTEST.find("        PASS [   0.007s] (10/14)").unwrap();
    let output = format!(
        "{}     SIGTERM [ 400.012s] (10/14) sample::failing passes\n",
        &NEXTEST[..at]
    );
    let mut ended = Ended {
        how: How::CutOff,
        output,
    };
    let results = output::read(Runner::Nextest, &suite(), &ended);
    assert_eq!(results.len(), 9, "what was cut off by us does not count");
    ended.how = How::Hung(300);
    let results = output::read(Runner::Nextest, &suite(), &ended);
    let expected = suite().of(Runner::Nextest).count() + 1;
    assert_eq!(results.len(), expected, "and the runner itself");
    let failing = modes(&results, "sample::failing");
    assert!(failing.contains(&("passes", "hung")), "{failing:?}");
    let lost = "no result: nothing happened for 300 s";
    assert_eq!(
        modes(&results, "sample::passing"),
        [("five", lost), ("one", lost), ("two", lost)]
    );
}

#[test]
fn a_runner_that_says_nothing_fails_every_test() {
    for runner in [Runner::Libtest, Runner::Nextest] {
        let results = output::read(runner, &suite(), &ended("error: no space left"));
        assert_eq!(results.len(), suite().of(runner).count() + 1);
        let name = runner.name();
        let lost = format!("no result: `{name}` ended with exit status 101");
        assert_eq!(modes(&results, "sample"), [("tests::unit", &*lost)]);
        assert_eq!(modes(&results, name), [], "the tests say so already");
        let one = output(&results, "sample::passing", "one");
        assert_eq!(one, "error: no space left");
    }
}

#[test]
fn a_runner_must_end_as_its_tests_did() {
    let well = Ended {
        how: How::Well,
        output: NEXTEST.to_owned(),
    };
    let results = output::read(Runner::Nextest, &suite(), &well);
    assert_eq!(
        modes(&results, "cargo nextest run"),
        [("as a whole", "ended well although tests have failed")]
    );
    let mut small = suite();
    small.binaries.truncate(1);
    let results = output::read(Runner::Nextest, &small, &ended(NEXTEST));
    assert_eq!(
        modes(&results, "cargo nextest run"),
        [(
            "as a whole",
            "ended with exit status 101 although no test has failed"
        )]
    );
}

#[test]
fn the_span_of_each_test_follows_from_its_line() {
    let now = std::time::Instant::now();
    let lines = NEXTEST.lines().map(|line| (now, line.to_owned()));
    let spans = super::spans(&suite(), &lines.collect::<Vec<_>>());
    assert_eq!(spans.len(), 14);
    let exits = spans.iter().find(|span| span.test.name == "exits");
    let exits = exits.expect("it has a line");
    assert_eq!((exits.end - exits.start).as_millis(), 605);
    assert!(exits.has_failed);
    assert_eq!(spans.iter().filter(|span| span.has_failed).count(), 7);
}
