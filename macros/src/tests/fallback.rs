//! A function whose attribute has a mistake stays a function.

use super::assert_expands;

/// A plain test stays a test.
#[test]
fn plain_test() {
    assert_expands(
        "prot",
        "#[test] #[cold] fn adds() { assert_eq!(1 + 1, 2); }",
        r#"::core::compile_error! {
    "unknown argument `prot`; a similar argument exists: `port`"
}
#[test]
#[cold]
fn adds() {
    assert_eq!(1 + 1, 2);
}
"#,
    );
}

/// A test with parameters stays a function, so that its body is checked.
#[test]
fn test_with_parameters() {
    assert_expands(
        "prot",
        "/// Serves.
         #[cfg(unix)] #[rstest] #[case(1)] #[should_panic]
         pub(crate) async fn serves<'a>(port: &'a Port, #[case] n: u32) -> Result<(), Error> { serve(port, n).await }",
        r#"::core::compile_error! {
    "unknown argument `prot`; a similar argument exists: `port`"
}
::core::compile_error! {
    "cannot have both `#[should_panic]` and a return value, because an error is no panic; remove the return type and `unwrap` in the body"
}
/// Serves.
#[cfg(unix)]
pub(crate) async fn serves<'a>(port: &'a Port, n: u32) -> Result<(), Error> {
    serve(port, n).await
}
"#,
    );
}

/// All mistakes are reported, and the second attribute is gone, lest it reports them again.
#[test]
fn every_mistake() {
    assert_expands(
        "prot, port(8080), serial = 3",
        "#[isolated] #[test] const fn adds() { }",
        r#"::core::compile_error! {
    "unknown argument `prot`; a similar argument exists: `port`"
}
::core::compile_error! {
    "a `port` is a free one; write `port` and use the number that it gets, `network` for a network in which 8080 is free, or `port(number = 8080)` to wait for that number"
}
::core::compile_error! {
    "expected `serial` to be a string: `serial = \"...\"`"
}
::core::compile_error! {
    "duplicate attribute `#[isolated]`; write all arguments into one"
}
::core::compile_error! {
    "a `const fn` cannot be isolated, because resources are acquired at run time; remove `const`"
}
const fn adds() {}
"#,
    );
}

/// The second attribute goes, lest it expands the test without the first.
#[test]
fn second_attribute() {
    assert_expands(
        "port",
        "#[isolated(tmpdir)] #[test] fn adds() { }",
        r#"::core::compile_error! {
    "duplicate attribute `#[isolated]`; write all arguments into one"
}
#[test]
fn adds() {}
"#,
    );
}

/// An item that is no test stays as it is.
#[test]
fn other_items() {
    assert_expands(
        "port",
        "/// Docs. \n pub struct Server { port: u16 }",
        r#"::core::compile_error! {
    "not expected here; `#[isolated]` belongs on a test function or on a module of tests"
}
/// Docs.
pub struct Server {
    port: u16,
}
"#,
    );
}
