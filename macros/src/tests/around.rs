//! The expansion of the hidden attribute on functions to which another attribute has copied it.

use super::{expanded, tokens};

/// Expands the hidden attribute on an item.
fn generated(item: &str) -> String {
    let arguments = tokens("__ISOLATED_ASKS, ::isolated_test");
    let output = crate::expand::generated(&arguments, &tokens(item));
    prettyplease::unparse(&syn::parse2(output).expect("items of Rust"))
}

#[test]
fn generated_test() {
    assert_eq!(
        generated(
            "#[cold] #[::core::prelude::v1::test] pub fn case_1() -> io::Result<()> { block_on(asks()) }"
        ),
        "#[cold]
#[::core::prelude::v1::test]
pub fn case_1() {
    fn case_1() -> io::Result<()> {
        block_on(asks())
    }
    ::isolated_test::__private::around(&__ISOLATED_ASKS, case_1)
}
"
    );
}

/// A test stands around what its attributes generate where they copy the hidden attribute to it.
#[test]
fn attributes_that_copy() {
    let is_around =
        |test: &str| expanded("", &format!("{test}(n: u32) {{ }}")).contains("::__around(");
    for test in [
        "#[rstest] fn a",
        "#[apply(cases)] fn a",
        "#[rstest] #[timeout(LIMIT)] async fn a",
        "#[apply(cases)] #[timeout(LIMIT)] async fn a",
        "#[test_case(1 => 2)] #[test_case(2)] fn a",
        "#[test_case(1)] #[tokio::test] async fn a",
        "#[test_context(Context)] #[tokio::test] async fn a",
    ] {
        assert!(is_around(test), "{test}");
    }
    for test in [
        "#[rstest] #[timeout(LIMIT)] fn a",
        "#[apply(cases)] #[timeout(LIMIT)] fn a",
        "#[rstest] #[cfg_attr(all(), timeout(LIMIT))] fn a",
        "#[test_case(1)] fn a",
        "#[quickcheck] fn a",
        "#[dir_test(dir = DIRECTORY)] fn a",
    ] {
        assert!(!is_around(test), "{test}");
    }
}

/// A function that the user's own code calls is no test around which another could stand.
#[test]
fn function_that_is_called() {
    for (arguments, expected) in [
        ("test_attribute", true),
        ("test_attribute = \"called by main\"", false),
    ] {
        let output = expanded(arguments, "#[instrument] async fn serves() { }");
        assert_eq!(output.contains("::__around("), expected, "{output}");
        assert_eq!(output.contains(".run_async("), !expected, "{output}");
    }
}

/// Two tests may differ in the case of their letters only.
#[test]
fn names_of_the_static_items() {
    for (test, name) in [
        ("keeps_a", "__ISOLATED_KEEPS_A"),
        ("keeps_A", "__ISOLATED_KEEPS___A"),
        ("r#async", "__ISOLATED_ASYNC"),
    ] {
        let output = expanded("", &format!("#[tokio::test] async fn {test}() {{ }}"));
        assert!(output.contains(&format!("static {name}:")), "{output}");
    }
}

/// The static item exists when the test does, and has none of its other attributes.
#[test]
fn conditions_of_the_static_item() {
    let output = expanded(
        "",
        "#[cfg(unix)] #[cfg_attr(all(), cfg(any(unix)), cfg_attr(test, cfg(all()), cold))]
         #[cfg_attr(all(), tokio::test, cold)] async fn asks() { }",
    );
    let expected = "#[cfg(unix)]
#[cfg_attr(all(), cfg(any(unix)), cfg_attr(test, cfg(all())))]
#[doc(hidden)]
static";
    assert!(output.starts_with(expected), "{output}");
}

/// Each generated test says itself which panic it expects.
#[test]
fn expected_panic() {
    assert_eq!(
        generated("#[test] #[should_panic(expected = \"this\")] fn case_1() { asks() }"),
        "#[test]
#[should_panic(expected = \"this\")]
fn case_1() {
    fn case_1() {
        asks()
    }
    {
        static CASE: ::isolated_test::__private::Recipe = ::isolated_test::__private::Recipe {
            spec: ::isolated_test::__private::Spec {
                should_panic: ::isolated_test::__private::ShouldPanic::With(\"this\"),
                ..__ISOLATED_ASKS.spec
            },
            ..__ISOLATED_ASKS
        };
        ::isolated_test::__private::around(&CASE, case_1)
    }
}
"
    );
}

#[test]
fn test_that_never_returns() {
    assert!(
        generated("#[test] fn case_1() -> ! { loop {} }")
            .contains("::around_never(&__ISOLATED_ASKS, case_1)")
    );
}

/// An attribute that stands below generates the test first.
#[test]
fn attribute_below() {
    assert_eq!(
        generated("#[cold] #[tokio::test] async fn asks() -> bool { true }"),
        "#[cold]
#[tokio::test]
#[::isolated_test::__around(__ISOLATED_ASKS, ::isolated_test)]
async fn asks() -> bool {
    true
}
"
    );
}

/// A function that the generated test calls stays as it is.
#[test]
fn other_functions() {
    for item in [
        "async fn asks() {\n    answer().await;\n}\n",
        "fn asks(n: u32) {\n    answer(n);\n}\n",
        "const N: u32 = 1;\n",
    ] {
        assert_eq!(generated(item), item);
    }
}
