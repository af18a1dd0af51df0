//! Arguments about failures, and their expansion.

use super::{assert_expands, expanded};

/// The part of the constant behind the locks, without spaces.
fn behind_the_locks(arguments: &str, item: &str) -> String {
    let expanded = expanded(arguments, item).replace(char::is_whitespace, "");
    let (_, constant) = expanded.split_once("spec!(").unwrap_or_default();
    let (constant, _) = constant.split_once("),&mut[").unwrap_or_default();
    let (_, rest) = constant.rsplit_once("[]").unwrap_or_default();
    rest.replace("::core::option::Option::", "")
        .replace("::isolated_test::__private::", "")
}

/// Both stand behind what else is known about the process.
#[test]
fn retries_and_quarantine() {
    assert_expands(
        r#"retries = 2, quarantine = "a link", timeout = "30s""#,
        "#[test] fn adds() { }",
        r#"#[test]
fn adds() {
    fn adds() {}
    ::isolated_test::__private::prepare(
            &::isolated_test::__private::spec!(
                const "adds", ::isolated_test::__private::ShouldPanic::No, [], [],
                (::core::option::Option::Some(::core::time::Duration::from_millis(30000)),
                ::core::option::Option::None, ::isolated_test::__private::retries(2),
                ::isolated_test::__private::quarantine("a link"))
            ),
            &mut [],
            &mut ::isolated_test::__private::as_here,
        )
        .run_function(adds)
}
"#,
    );
}

/// One can be left out; constants are expressions.
#[test]
fn one_of_them() {
    let item = "#[test] fn adds() { }";
    for (arguments, expected) in [
        ("process", ",(None,None)"),
        ("retries = 0", ",(None,None,retries(0),None)"),
        (
            "retries = RETRIES + 1",
            ",(None,None,retries(expr!(RETRIES+1)),None)",
        ),
        (
            r#"quarantine = "a", network"#,
            r#",(None,Some(Refused::Fail),None,quarantine("a"))"#,
        ),
        (
            r#"quarantine = concat!("a", "b")"#,
            r#",(None,None,None,quarantine(expr!(concat!("a","b"))))"#,
        ),
    ] {
        assert_eq!(behind_the_locks(arguments, item), expected, "{arguments}");
    }
}

/// An argument of the test wins over that of the module, `0` included.
#[test]
fn inherited() {
    let item = "#[test] fn adds() { }";
    for (arguments, expected) in [
        (
            r#"retries = 0, __inherited(1, retries = 3, quarantine = "a")"#,
            r#",(None,None,retries(0),quarantine("a"))"#,
        ),
        (
            r#"quarantine = "a", __inherited(1, quarantine = "b", __inherited(1, retries = 3, quarantine = "c"))"#,
            r#",(None,None,retries(3),quarantine("a"))"#,
        ),
        (
            "__inherited(1, retries = 1, __inherited(1, retries = 3))",
            ",(None,None,retries(1),None)",
        ),
    ] {
        assert_eq!(behind_the_locks(arguments, item), expected, "{arguments}");
    }
}

/// An attribute that judges the value makes a test that is repeated as a whole.
#[test]
fn judged_value() {
    assert_expands(
        r#"retries = self::RETRIES, __inherited(1, quarantine = "a")"#,
        "#[test_case(1 => 2)] fn doubles(n: u32) -> u32 { n * 2 }",
        r#"#[doc(hidden)]
static __ISOLATED_DOUBLES: ::isolated_test::__private::Recipe = ::isolated_test::__private::Recipe {
    spec: ::isolated_test::__private::spec!(
        "doubles", ::isolated_test::__private::ShouldPanic::No, [], [],
        (::core::option::Option::None, ::core::option::Option::None,
        ::isolated_test::__private::retries(::isolated_test::__private::expr!(self::RETRIES)),
        ::isolated_test::__private::quarantine("a"))
    ),
    custom: ::isolated_test::__private::no_custom,
    surround: ::isolated_test::__private::as_here,
};
#[test_case(1 = >2)]
#[::isolated_test::__around(__ISOLATED_DOUBLES, ::isolated_test)]
fn doubles(n: u32) -> u32 {
    fn doubles(n: u32) -> u32 {
        n * 2
    }
    ::isolated_test::__private::inside(
        &__ISOLATED_DOUBLES,
        ::isolated_test::__private::no_value,
        |_| doubles(n),
    )
}
"#,
    );
}
