//! Recorded output of `cargo test --no-fail-fast` and `cargo nextest run --no-fail-fast` for the
//! package `sample`, and the list of its tests.

use crate::stress::expected::{Binary, Expected, TestId};
use crate::stress::results::{Ended, How, Outcome, Results};

pub(crate) const CARGO_TEST: &str = include_str!("cargo_test.txt");
pub(crate) const NEXTEST: &str = include_str!("nextest.txt");

/// The tests of the package.
pub(crate) fn suite() -> Expected {
    let doc = |line: u32, item: &str| format!("src/lib.rs - {item}(line {line})");
    let doc = |line, item, ignored| (doc(line, item), ignored);
    Expected {
        binaries: vec![
            binary("sample", "sample-e6daf73c296d6df0", ["tests::unit"]),
            binary(
                "sample::aborting",
                "aborting-3f6ce2f4c573343b",
                ["aborts", "passes", "exits", "zslow"],
            ),
            binary(
                "sample::failing",
                "failing-3e68d16d15a484ea",
                [
                    "panics",
                    "does_not_panic",
                    "panics_otherwise",
                    "errs",
                    "passes",
                    "inner::panics_in_thread",
                ],
            ),
            binary(
                "sample::passing",
                "passing-69d5f4f28775bec0",
                ["one", "two", "-three", "-four", "five"],
            ),
            Binary {
                id: "sample (documentation)".to_owned(),
                announced: "sample".to_owned(),
                is_doc: true,
                tests: [
                    doc(2, "", false),
                    doc(6, "f ", false),
                    doc(10, "f ", false),
                    doc(14, "f ", true),
                    doc(18, "f ", false),
                    doc(23, "g ", false),
                ]
                .into(),
            },
        ],
    }
}

/// A test binary. A `-` before a name marks an ignored test.
fn binary<const N: usize>(id: &str, announced: &str, tests: [&str; N]) -> Binary {
    let tests = tests.map(|test| match test.strip_prefix('-') {
        Some(name) => (name.to_owned(), true),
        None => (test.to_owned(), false),
    });
    Binary {
        id: id.to_owned(),
        announced: announced.to_owned(),
        is_doc: false,
        tests: tests.into(),
    }
}

/// A run that ended with failures.
pub(crate) fn ended(output: impl Into<String>) -> Ended {
    Ended {
        how: How::Badly("exit status 101".to_owned()),
        output: output.into(),
    }
}

/// The failed tests of a binary and their modes.
pub(crate) fn modes<'a>(results: &'a Results, binary: &str) -> Vec<(&'a str, &'a str)> {
    let results = results.iter().filter(|(test, _)| test.binary == binary);
    let modes = results.filter_map(|(test, outcome)| match outcome {
        Outcome::Failed(failure) => Some((&*test.name, &*failure.mode)),
        Outcome::Passed => None,
    });
    modes.collect()
}

/// The output of a failed test.
pub(crate) fn output<'a>(results: &'a Results, binary: &str, name: &str) -> &'a str {
    match results.get(&TestId::new(binary, name)) {
        Some(Outcome::Failed(failure)) => &failure.output,
        other => panic!("expected a failure, found {other:?}"),
    }
}
