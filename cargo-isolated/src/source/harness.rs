//! Which attributes make a function a test.
//!
//! Like the attribute itself, this recognises them by the end of their path.

use super::items::{Attribute, Function};

/// Attributes of other crates that make a function a test, besides those that are called `test`.
const KNOWN: [&str; 12] = [
    "rstest",
    "apply",
    "test_case",
    "test_matrix",
    "case",
    "gtest",
    "quickcheck",
    "proptest",
    "property_test",
    "parameterized",
    "dir_test",
    "wasm_bindgen_test",
];

/// Compiler attributes that are used on tests but make none.
const OTHERS: [&str; 15] = [
    "allow",
    "cfg",
    "cfg_attr",
    "cold",
    "deny",
    "doc",
    "expect",
    "forbid",
    "ignore",
    "inline",
    "must_use",
    "rustfmt",
    "should_panic",
    "track_caller",
    "warn",
];

fn paths(attribute: &Attribute) -> impl Iterator<Item = &str> {
    let conditional = attribute.conditional.iter().map(|(path, _)| path);
    let paths = std::iter::once(&attribute.path).chain(conditional);
    paths.filter_map(|path| path.last()).map(String::as_str)
}

fn any(function: &Function, rule: impl Fn(&str) -> bool) -> bool {
    function.head.attributes.iter().flat_map(paths).any(rule)
}

/// Whether a known attribute makes the function a test.
pub(crate) fn is_test(function: &Function) -> bool {
    !any(function, |name| name == "template") && any(function, is_test_name)
}

/// Whether an attribute of this name makes a test.
pub(super) fn is_test_name(name: &str) -> bool {
    name == "test" || KNOWN.contains(&name)
}

/// Whether an attribute that is not known may make the function a test.
pub(crate) fn may_be_test(function: &Function) -> bool {
    is_test(function)
        || any(function, |name| {
            !OTHERS.contains(&name) && name != "template"
        })
}

/// Whether an attribute belongs to the compiler, and makes no test.
pub(crate) fn is_of_compiler(attribute: &Attribute) -> bool {
    let mut paths = paths(attribute);
    paths.all(|name| OTHERS.contains(&name)) || attribute.is("isolated")
}

/// Whether the tests of this function may have names below its own: `adds::case_1`.
pub(crate) fn has_cases(function: &Function) -> bool {
    any(function, |name| name != "test" && !OTHERS.contains(&name))
}

/// Whether the function makes a test of this name next to itself: `serves__one` of `#[dir_test]`,
/// `serves_1` of `#[ntest::test_case]`.
pub(super) fn makes(function: &Function, name: &str) -> bool {
    let is_made = |rest: &str| match rest.strip_prefix('_') {
        Some(rest) if rest.starts_with('_') => any(function, |name| name == "dir_test"),
        Some(_) => any(function, |name| name == "test_case"),
        None => false,
    };
    name.strip_prefix(function.name.as_str())
        .is_some_and(is_made)
}
