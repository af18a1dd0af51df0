//! The known test attributes and what each does to a function.
//!
//! An attribute is recognised by the end of its path, because a macro cannot resolve paths. The
//! argument `test_attribute` admits attributes that are not listed here.

use crate::attribute::Attribute;

/// A known attribute of the ecosystem.
#[derive(Clone, Copy)]
struct Harness {
    /// The end of its path. The first row that matches applies.
    path: &'static [&'static str],
    makes_a_test: bool,
    runs_async: When,
    /// Whether it fills parameters.
    brings_parameters: When,
    /// Whether it inspects the return value.
    judges_value: When,
    generates: Generates,
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

/// The code that an attribute generates from the function, and whether it copies the attributes below.
#[derive(Clone, Copy, PartialEq)]
enum Generates {
    /// Nothing around the function.
    Nothing,
    /// A test that gets a copy of the attributes below.
    Copied,
    /// Like `Copied`, but a timeout moves the call of a synchronous function to another thread,
    /// where the enclosing test is unknown.
    CopiedUnlessTimed,
    /// Like `Copied`, but `ntest` has an attribute of the same name, which refuses attributes with
    /// a path. That one supports neither `=>` nor `async`. With neither, this attribute generates
    /// nothing around the function.
    CopiedIfArrowOrAsync,
    /// A test that calls the function many times. Code around the test cannot observe when a call
    /// begins.
    Loop,
    /// Not known.
    Unknown,
}

use Generates::{Copied, CopiedIfArrowOrAsync, CopiedUnlessTimed, Loop, Nothing, Unknown};
use When::{Always, Arrow, Given, Never};

const fn row(
    path: &'static [&'static str],
    runs_async: When,
    brings_parameters: When,
    judges_value: When,
    generates: Generates,
) -> Harness {
    Harness {
        path,
        makes_a_test: true,
        runs_async,
        brings_parameters,
        judges_value,
        generates,
    }
}

#[rustfmt::skip] // One line each, so that the columns can be read.
const KNOWN: [Harness; 18] = [
    //  path                       async   parameters value   generates
    row(&["v1", "test"],           Never,  Never,     Never,  Nothing),
    row(&["test_log", "test"],     Given,  Given,     Never,  Copied),
    row(&["googletest", "test"],   Never,  Always,    Never,  Copied),
    row(&["gtest"],                Never,  Always,    Never,  Copied),
    row(&["sqlx", "test"],         Always, Always,    Never,  Copied),
    row(&["rstest"],               Always, Always,    Never,  CopiedUnlessTimed),
    row(&["apply"],                Always, Always,    Never,  CopiedUnlessTimed),
    row(&["test_case"],            Never,  Always,    Arrow,  CopiedIfArrowOrAsync),
    row(&["test_matrix"],          Never,  Always,    Arrow,  CopiedIfArrowOrAsync),
    row(&["test_case", "case"],    Never,  Always,    Arrow,  CopiedIfArrowOrAsync),
    row(&["quickcheck"],           Never,  Always,    Always, Loop),
    row(&["proptest"],             Always, Always,    Always, Loop),
    row(&["property_test"],        Always, Always,    Always, Loop),
    row(&["parameterized"],        Never,  Always,    Never,  Unknown),
    row(&["dir_test"],             Never,  Always,    Never,  Unknown),
    row(&["wasm_bindgen_test"],    Always, Never,     Never,  Unknown),
    Harness { makes_a_test: false, ..row(&["test_context"], Never, Always, Never, Copied) },
    // tokio, async_std, actix_rt, futures_test and every other crate with an attribute named
    // `test`.
    row(&["test"],                 Always, Never,     Never,  Copied),
];

/// The plain `#[test]`, whose path has only one segment.
const PLAIN: Harness = row(&["test"], Never, Never, Never, Nothing);

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
    // `rstest_reuse` marks a reusable list of cases with `#[template]`, which is not a test yet.
    !attributes.iter().any(|attribute| attribute.is("template"))
        && any(attributes, |row, _| row.makes_a_test)
}

/// The attribute that makes the function a test.
pub(crate) fn test_attribute(attributes: &[Attribute]) -> Option<&Attribute> {
    let alone = |attribute: &&Attribute| is_test(std::slice::from_ref(*attribute));
    attributes.iter().find(alone)
}

/// Whether one of the attributes runs a future to completion.
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

/// Whether one of the attributes inspects the return value.
pub(crate) fn judges_value(attributes: &[Attribute]) -> bool {
    any(attributes, |row, attribute| {
        holds(row.judges_value, attribute)
    })
}

/// Whether the test attributes copy the attributes below them to the generated test.
pub(crate) fn copies_attributes(attributes: &[Attribute], is_async: bool) -> bool {
    let is_timed = std::env::var_os("RSTEST_TIMEOUT").is_some()
        || attributes
            .iter()
            .any(|attribute| attribute.mentions("timeout"));
    let has_arrow = any(attributes, |row, attribute| {
        row.generates == CopiedIfArrowOrAsync && holds(Arrow, attribute)
    });
    !any(attributes, |row, _| match row.generates {
        Nothing | Copied => false,
        CopiedUnlessTimed => is_timed && !is_async,
        CopiedIfArrowOrAsync => !has_arrow && !is_async,
        Loop | Unknown => true,
    })
}

/// Whether the only test attribute is `#[test]`.
pub(crate) fn is_plain(attributes: &[Attribute]) -> bool {
    !any(attributes, |row, _| row.generates != Nothing)
}

/// The attribute that calls the function many times in one test.
pub(crate) fn calls_often(attributes: &[Attribute]) -> Option<Attribute> {
    let mut flat = attributes.iter().flat_map(Attribute::flattened);
    flat.find(|attribute| known(attribute).is_some_and(|row| row.generates == Loop))
}

fn any(attributes: &[Attribute], rule: impl Fn(&Harness, &Attribute) -> bool) -> bool {
    let flat = attributes.iter().flat_map(Attribute::flattened);
    flat.into_iter()
        .any(|attribute| known(&attribute).is_some_and(|row| rule(row, &attribute)))
}
