//! Parses real output, complete and disturbed.

use super::read;
use crate::stress::expected::{Runner, TestId};
use crate::stress::recorded::{CARGO_TEST, ended, modes, output, suite};
use crate::stress::results::{Ended, How, Outcome, Results};

fn parse(output: &str) -> Results {
    read(&suite(), &ended(output))
}

const FAILING: [(&str, &str); 5] = [
    (
        "does_not_panic",
        "note: test did not panic as expected at tests/failing.rs:#:#",
    ),
    ("errs", "Error: \"no #\""),
    ("inner::panics_in_thread", "tests/failing.rs:6: in thread"),
    (
        "panics",
        "tests/failing.rs:1: assertion `left == right` failed: the pid",
    ),
    ("panics_otherwise", "tests/failing.rs:3: that"),
];

#[test]
fn each_failed_test_has_its_own_output() {
    let results = parse(CARGO_TEST);

    assert_eq!(modes(&results, "sample::failing"), FAILING);
    let panics = output(&results, "sample::failing", "panics");
    assert!(panics.starts_with("said first\nto stderr\n"), "{panics}");
    assert!(panics.ends_with(" right: 0\n"), "{panics}");
    let last = output(&results, "sample::failing", "panics_otherwise");
    assert!(last.ends_with("substring: \"this\"\n"), "{last}");
    let passes = TestId::new("sample::failing", "passes");
    assert_eq!(results[&passes], Outcome::Passed, "behind raw output");
}

#[test]
fn every_test_has_a_result_and_an_ignored_one_has_none() {
    let (suite, results) = (suite(), parse(CARGO_TEST));
    let expected: Vec<_> = suite.of(Runner::Libtest).collect();
    assert_eq!(expected.len(), 19);
    assert!(expected.iter().all(|test| results.contains_key(test)));
    assert_eq!(results.len(), 19);
    assert_eq!(modes(&results, "sample"), []);
    assert_eq!(modes(&results, "sample::passing"), []);
}

#[test]
fn a_binary_that_aborts_takes_its_unfinished_tests_with_it() {
    let lost = "no result: its test binary ended with signal 6, SIGABRT: process abort signal";
    let names = ["aborts", "exits", "passes", "zslow"];
    let all = names.map(|name| (name, lost));
    assert_eq!(modes(&parse(CARGO_TEST), "sample::aborting"), all);

    let output = CARGO_TEST.replace("running 4 tests\n", "running 4 tests\ntest passes ... ok\n");
    let results = parse(&output);
    assert_eq!(
        modes(&results, "sample::aborting"),
        [all[0], all[1], all[3]]
    );
}

#[test]
fn a_binary_that_exits_well_too_early_is_no_success() {
    let cut = CARGO_TEST.replace("test result: ok. 3 passed; 0 failed; 2 ignored", "");
    let mode = "no result: its test binary ended without a summary";
    assert_eq!(modes(&parse(&cut), "sample::passing"), []);
    let cut = cut.replace("test two - should panic ... ok\n", "");
    assert_eq!(modes(&parse(&cut), "sample::passing"), [("two", mode)]);
}

#[test]
fn a_summary_that_does_not_fit_is_no_success() {
    let less = CARGO_TEST
        .replace(
            "3 passed; 0 failed; 2 ignored",
            "2 passed; 0 failed; 2 ignored",
        )
        .replace("test two - should panic ... ok\n", "");
    let mode = "no result: the summary of its test binary does not fit the listed tests";
    assert_eq!(modes(&parse(&less), "sample::passing"), [("two", mode)]);
    let ignored = less.replace("2 passed; 0 failed; 2", "2 passed; 0 failed; 3");
    assert_eq!(modes(&parse(&ignored), "sample::passing"), [("two", mode)]);
    let other = CARGO_TEST.replace("\n    errs\n", "\n    of_somebody_else\n");
    let results = parse(&other);
    assert_eq!(
        modes(&results, "sample::failing"),
        FAILING,
        "by their lines"
    );
}

#[test]
fn a_line_that_was_torn_apart_is_known_by_the_summary() {
    let torn = CARGO_TEST
        .replace("test one ... ok\n", "test one ... somebody else\nok\n")
        .replace("test errs ... FAILED\n", "test errs ... word FAILED\n");
    assert_eq!(parse(&torn), parse(CARGO_TEST));
}

/// A failed test prints the output of other runs, which must not count.
#[test]
fn runs_within_the_output_of_a_test_do_not_count() {
    let nested = "said first\n\nrunning 1 test\ntest passes ... FAILED\n\nfailures:\n\n\
        ---- passes stdout ----\ninner\n\n---- panics stdout ----\nitself\n\nfailures:\n    passes\n\n\
        test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 5 filtered out\n\
        \x20    Running tests/other.rs (target/debug/deps/other-1a2b)\n\
        \x20    Running tests/failing.rs (target/debug/deps/failing-3e68d16d15a484ea)\n";
    let results = parse(&CARGO_TEST.replace("said first\n", nested));
    assert_eq!(modes(&results, "sample::failing"), FAILING);
    let panics = output(&results, "sample::failing", "panics");
    assert!(panics.ends_with(" right: 0\n"), "{panics}");
    assert_eq!(modes(&results, "sample::passing"), []);
    assert_eq!(results.len(), parse(CARGO_TEST).len());
}

#[test]
fn a_binary_that_fails_after_its_tests_is_an_offender_itself() {
    let end = "0 filtered out; finished in 0.00s\n\nerror: test failed, to rerun pass `--lib`\n\n\
        Caused by:\n  process didn't exit successfully: `/x` (signal: 11, SIGSEGV: invalid memory \
        reference)\n";
    let output = CARGO_TEST.replacen("0 filtered out; finished in 0.00s\n", end, 1);
    let mode =
        "ended with signal 11, SIGSEGV: invalid memory reference although no test has failed";
    assert_eq!(modes(&parse(&output), "sample"), [("as a whole", mode)]);
}

#[test]
fn examples_count_in_both_of_their_runs() {
    let results = parse(CARGO_TEST);
    let doc = "sample (documentation)";
    let found = modes(&results, doc);
    assert_eq!(found[0].0, "src/lib.rs - g (line 23)");
    let mode = "…/doctest_bundle_2024.rs:32: assertion `left == right` failed: docs lie";
    assert_eq!(found, [("src/lib.rs - g (line 23)", mode)]);

    let second = CARGO_TEST.rfind("test result: ok. 1 passed").unwrap();
    let lost = modes(&results, doc).len() + 1;
    let results = parse(&CARGO_TEST[..second].replace("compile fail ... ok", ""));
    assert_eq!(
        modes(&results, doc).len(),
        lost,
        "the second part is missing"
    );
}

#[test]
fn whoever_hung_is_told_apart_from_whoever_waited() {
    let at = CARGO_TEST.find("test one ... ok").unwrap();
    let output = format!(
        "{}test five has been running for over 60 seconds\n",
        &CARGO_TEST[..at].replace("test five - should panic ... ok\n", "")
    );
    let how = How::Hung(300);
    let results = read(&suite(), &Ended { how, output });
    let lost = "no result: its test binary did nothing for 300 s";
    assert_eq!(
        modes(&results, "sample::passing"),
        [("five", "hung"), ("one", lost), ("two", lost)]
    );
}

#[test]
fn of_a_run_that_was_cut_off_only_results_count() {
    let at = CARGO_TEST.find("test one ... ok").unwrap();
    let (how, output) = (How::CutOff, CARGO_TEST[..at].to_owned());
    let results = read(&suite(), &Ended { how, output });
    let passing = results
        .keys()
        .filter(|test| test.binary == "sample::passing");
    let names: Vec<_> = passing.map(|test| &*test.name).collect();
    assert_eq!(names, ["five"]);
    assert_eq!(modes(&results, "sample::failing"), FAILING);
}
