//! The attributes that make a function a test, and what each brings along.
//!
//! Attributes are known by the end of their path, because there is no way to ask what a path means.
//! What is not known here is admitted by the argument `test_attribute`.

use crate::attribute::Attribute;

/// What is known about an attribute of the ecosystem.
#[derive(Clone, Copy)]
struct Harness {
    /// The end of its path; the first row that fits decides.
    path: &'static [&'static str],
    makes_a_test: bool,
    runs_async: When,
    /// Whether it fills parameters of its own.
    brings_parameters: When,
    /// Whether it looks at the value that the function returns.
    judges_value: When,
    /// Whether it calls the function more than once in one test.
    calls_often: bool,
    /// Whether it copies the attributes below it to the test that it generates.
    copies_attributes: bool,
}

#[derive(Clone, Copy)]
enum When {
    Never,
    Always,
    /// If it has arguments.
    Given,
    /// If its arguments contain `=>`.
    Arrow,
}

use When::{Always, Arrow, Given, Never};

const fn row(
    path: &'static [&'static str],
    runs_async: When,
    brings_parameters: When,
    judges_value: When,
) -> Harness {
    Harness {
        path,
        makes_a_test: true,
        runs_async,
        brings_parameters,
        judges_value,
        calls_often: false,
        copies_attributes: true,
    }
}

/// One that calls the function often, and is not told from outside when a call begins.
const fn property(path: &'static [&'static str], runs_async: When) -> Harness {
    Harness {
        calls_often: true,
        copies_attributes: false,
        ..row(path, runs_async, Always, Always)
    }
}

/// One of which it is not known what it does with the attributes below it.
const fn opaque(row: Harness) -> Harness {
    Harness {
        copies_attributes: false,
        ..row
    }
}

#[rustfmt::skip] // One line each, so that the columns can be read.
const KNOWN: [Harness; 18] = [
    //  path                       async   parameters value
    row(&["v1", "test"],           Never,  Never,     Never),
    row(&["test_log", "test"],     Given,  Given,     Never),
    row(&["googletest", "test"],   Never,  Always,    Never),
    row(&["gtest"],                Never,  Always,    Never),
    row(&["sqlx", "test"],         Always, Always,    Never),
    row(&["rstest"],               Always, Always,    Never),
    row(&["apply"],                Always, Always,    Never),
    row(&["test_case"],            Never,  Always,    Arrow),
    row(&["test_matrix"],          Never,  Always,    Arrow),
    row(&["test_case", "case"],    Never,  Always,    Arrow),
    property(&["quickcheck"],      Never),
    property(&["proptest"],        Always),
    property(&["property_test"],   Always),
    opaque(row(&["parameterized"], Never,  Always,    Never)),
    opaque(row(&["dir_test"],      Never,  Always,    Never)),
    opaque(row(&["wasm_bindgen_test"], Always, Never, Never)),
    Harness { makes_a_test: false, ..row(&["test_context"], Never, Always, Never) },
    // tokio, async_std, actix_rt, futures_test and everybody else who calls theirs `test`.
    row(&["test"],                 Always, Never,     Never),
];

/// The plain `#[test]`, which has one word only.
const PLAIN: Harness = row(&["test"], Never, Never, Never);

fn known(attribute: &Attribute) -> Option<&'static Harness> {
    if attribute.words.len() == 1 && attribute.is("test") {
        return Some(&PLAIN);
    }
    let words = || attribute.words.iter().rev().map(String::as_str);
    KNOWN.iter().find(|row| {
        row.path.len() <= words().count()
            && row
                .path
                .iter()
                .rev()
                .copied()
                .zip(words())
                .all(|(a, b)| a == b)
    })
}

fn holds(when: When, attribute: &Attribute) -> bool {
    match when {
        Never => false,
        Always => true,
        Given => attribute.arguments().is_some(),
        Arrow => attribute
            .arguments()
            .is_some_and(|tokens| tokens.to_string().replace(' ', "").contains("=>")),
    }
}

/// Whether one of the attributes makes the function a test.
pub(crate) fn is_test(attributes: &[Attribute]) -> bool {
    // `rstest_reuse` marks a list of cases like this; it is no test yet.
    !attributes.iter().any(|attribute| attribute.is("template"))
        && any(attributes, |row, _| row.makes_a_test)
}

/// The attribute that makes the function a test.
pub(crate) fn test_attribute(attributes: &[Attribute]) -> Option<&Attribute> {
    let alone = |attribute: &&Attribute| is_test(std::slice::from_ref(*attribute));
    attributes.iter().find(alone)
}

/// Whether one of the attributes runs a future to its end.
pub(crate) fn runs_async(attributes: &[Attribute]) -> bool {
    any(attributes, |row, attribute| {
        holds(row.runs_async, attribute)
    })
}

/// Whether one of the attributes fills parameters.
pub(crate) fn brings_parameters(attributes: &[Attribute]) -> bool {
    any(attributes, |row, attribute| {
        holds(row.brings_parameters, attribute)
    })
}

/// Whether one of the attributes needs the value that the function returns.
pub(crate) fn judges_value(attributes: &[Attribute]) -> bool {
    any(attributes, |row, attribute| {
        holds(row.judges_value, attribute)
    })
}

/// Whether the test attributes copy the attributes below them to the test that they generate.
///
/// A timeout of `rstest` moves the call of a synchronous function to another thread, which does not
/// know the test around it. `ntest` has a `test_case` too, which refuses attributes with a path. It knows
/// neither `=>` nor `async`; without them, the other one generates nothing around the function.
pub(crate) fn copies_attributes(attributes: &[Attribute], is_async: bool) -> bool {
    let may_be_ntest = !is_async
        && any(attributes, is_test_case)
        && !any(attributes, |row, attribute| {
            is_test_case(row, attribute) && holds(Arrow, attribute)
        });
    let is_moved = !is_async
        && any(attributes, |row, _| row.path == ["rstest"])
        && (std::env::var_os("RSTEST_TIMEOUT").is_some()
            || attributes
                .iter()
                .any(|attribute| attribute.mentions("timeout")));
    !is_moved && !may_be_ntest && !any(attributes, |row, _| !row.copies_attributes)
}

/// Whether it may be a case of `test-case`.
fn is_test_case(row: &Harness, _: &Attribute) -> bool {
    matches!(row.judges_value, Arrow)
}

/// Whether the only test attribute is `#[test]`, which generates nothing around the function.
pub(crate) fn is_plain(attributes: &[Attribute]) -> bool {
    !any(attributes, |row, _| {
        row.path != ["v1", "test"] && (row.path != PLAIN.path || !matches!(row.runs_async, Never))
    })
}

/// The attribute that calls the function more than once in one test.
pub(crate) fn calls_often(attributes: &[Attribute]) -> Option<Attribute> {
    let mut flat = attributes.iter().flat_map(Attribute::flattened);
    flat.find(|attribute| known(attribute).is_some_and(|row| row.calls_often))
}

fn any(attributes: &[Attribute], rule: impl Fn(&Harness, &Attribute) -> bool) -> bool {
    let flat = attributes.iter().flat_map(Attribute::flattened);
    flat.into_iter()
        .any(|attribute| known(&attribute).is_some_and(|row| rule(row, &attribute)))
}
