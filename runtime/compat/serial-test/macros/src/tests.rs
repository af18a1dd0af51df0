//! Mistakes and expansions. The tests of `isolated-serial-test` check the behavior.

#![expect(clippy::expect_used, reason = "a test may panic")]

use proc_macro2::TokenStream;

use crate::claim::Kind;
use crate::expand;

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("tokens of Rust")
}

/// The expansion of an attribute.
fn expanded(kind: Kind, arguments: &str, item: &str) -> String {
    let expanded = expand::item(kind, tokens(arguments), tokens(item)).expect("no mistake");
    expanded.to_string()
}

/// The mistakes in an attribute.
fn mistake(kind: Kind, arguments: &str, item: &str) -> String {
    let mistake = expand::item(kind, tokens(arguments), tokens(item)).expect_err("a mistake");
    mistake.text
}

#[test]
fn mistakes_in_arguments() {
    const KEY: &str = "expected a key, `path => \"...\"`, `crate = path` or `inner_attrs = [...]`";
    const PATH: &str = "expected `path` to be a string: `path => \"/tmp/lock\"`";
    const CRATE: &str = "expected `crate` to be a path: `crate = wrapper::serial_test`";
    const INNER: &str =
        "expected `inner_attrs` to be a list of attributes: `inner_attrs = [timeout(1000)]`";

    for (arguments, expected) in [
        ("1", KEY),
        ("\"\"", KEY),
        ("a b", KEY),
        ("a = \"b\"", KEY),
        ("a::b", KEY),
        ("[a]", KEY),
        ("path", PATH),
        ("path = \"a\"", PATH),
        ("path => a", PATH),
        ("path => 1", PATH),
        ("crate", CRATE),
        ("crate => a", CRATE),
        ("crate =", CRATE),
        ("inner_attrs", INNER),
        ("inner_attrs [a]", INNER),
        ("inner_attrs = (a)", INNER),
        ("inner_attrs = a(b)", INNER),
        (", a", "expected an argument before the comma"),
        ("a,, b", "expected an argument before the comma"),
    ] {
        let found = mistake(Kind::FileSerial, arguments, "fn a() {}");
        assert_eq!(found, expected, "{arguments}");
    }
}

#[test]
fn a_path_is_one_lock() {
    let found = mistake(Kind::FileParallel, "a, b, path => \"c\"", "fn a() {}");
    assert_eq!(
        found,
        "`path` is one lock, so it stands beside one key at most; remove the other keys, or write one \
         attribute for each"
    );
}

#[test]
fn only_file_locks_have_a_path() {
    let found = mistake(Kind::Parallel, "path => \"c\"", "fn a() {}");
    assert_eq!(
        found,
        "`parallel` locks no file; write `file_parallel`, or remove the `path`"
    );
}

#[test]
fn other_items() {
    for item in [
        "struct A;",
        "mod a;",
        "fn a();",
        "",
        "use a::{b};",
        "const A: u8 = { 1 };",
    ] {
        let found = mistake(Kind::Serial, "", item);
        let expected =
            "not expected here; `#[serial]` belongs on a function with a body or on a module";
        assert_eq!(found, expected, "{item}");
    }
}

#[test]
fn inner_attributes_need_a_function_that_can_be_nested() {
    for item in [
        "fn a(b: u8) {}",
        "fn a<T>() {}",
        "unsafe fn a() {}",
        "fn a() -> Self { b() }",
        "fn a() { Self::b() }",
    ] {
        let found = mistake(Kind::Serial, "inner_attrs = [b]", item);
        assert!(
            found.starts_with("`inner_attrs` needs a function without"),
            "{item}"
        );
    }
}

#[test]
fn stacked_attributes_become_one() {
    let item = "#[test] #[parallel(b)] fn c() {}";
    let one = expanded(Kind::FileSerial, "a, inner_attrs = [d]", item);
    assert_eq!(
        one,
        tokens("#[test] #[parallel(__above(file_serial \"a\"), inner_attrs = [d], b)] fn c() {}")
            .to_string()
    );
    let arguments = "__above(file_serial \"a\", at_file_parallel \"/p\", serial), b";
    let both = expanded(Kind::Parallel, arguments, "fn c() {}");
    for claim in [
        "FileSerial (\"a\")",
        "ParallelAt (\"/p\")",
        "Serial (\"\")",
        "Parallel (\"b\")",
    ] {
        assert!(both.contains(&format!("Claim :: {claim}")), "{both}");
    }
}

#[test]
fn attributes_that_copy_others_stand_above() {
    for (attributes, function) in [
        (
            "#[tokio::test(flavor = \"multi_thread\")]",
            "async fn a() {}",
        ),
        ("#[::tokio::test]", "async fn a() {}"),
        ("#[rstest] #[case(1)]", "fn a(#[case] b: u8) {}"),
        ("#[isolated_test::__around(A, isolated_test)]", "fn a() {}"),
    ] {
        let item = format!("{attributes} {function}");
        let moved = expanded(Kind::Serial, "a, crate = x::y", &item);
        let expected = format!("{attributes} #[x::y::serial(a, crate = x::y)] {function}");
        assert_eq!(moved, tokens(&expected).to_string());
    }
    // An unknown attribute.
    let stays = expanded(Kind::Serial, "", "#[my::test] async fn a() {}");
    assert!(stays.starts_with("# [my :: test] async fn a"), "{stays}");
}

/// Only tests: attributes alone do not make a function one.
#[test]
fn tests_of_a_module() {
    for (attribute, is_test) in [
        ("#[test]", true),
        ("#[my::test(1)]", true),
        ("#[test_case(1)]", true),
        ("#[quickcheck]", true),
        ("#[cfg_attr(unix, tokio::test, ignore)]", true),
        ("#[cfg_attr(test, inline)]", false),
        ("#[cfg(test)]", false),
        ("#[inline]", false),
        ("", false),
    ] {
        let module = format!("mod a {{ {attribute} fn b() {{}} }}");
        let expanded = expanded(Kind::Serial, "", &module);
        assert_eq!(expanded.contains("serial_test"), is_test, "{attribute}");
    }
}
