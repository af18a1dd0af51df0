//! Expressions of a module's attribute, in its tests.

use super::{assert_expands, expanded};

/// Each expression is below the imports of where it was written, and resources come before those.
#[test]
fn expressions_are_moved() {
    assert_expands(
        r#"__inherited(2, port, env(A = format!("{port}:{}", super::b(self::c)), B = S { n: self::N }.n, D = 4), serial = KEY)"#,
        "#[test] fn moves() { }",
        r#"#[test]
fn moves() {
    fn moves() {}
    ::isolated_test::__private::prepare(
            &::isolated_test::__private::spec!(
                const "moves", ::isolated_test::__private::ShouldPanic::No, [("port"
                Port(::isolated_test::__private::Protocol::Tcp, 1))],
                [(Exclusive(::isolated_test::__private::ClaimedKey::Key(::isolated_test::__private::Keyed(::isolated_test::__private::expr!({
                use super::super:: *; KEY })).key())))], (::core::option::Option::None,
                ::core::option::Option::None)
            ),
            &mut [],
            &mut |cx, __surrounded| {
                let __isolated_port = cx.port(0);
                {
                    use super::super::*;
                    let port = __isolated_port;
                    let _ = &port;
                    __surrounded
                        .set(
                            "A",
                            &::isolated_test::__private::expr!(
                                format!("{port}:{}",
                                super::super::super::b(super::super::c))
                            ),
                        );
                }
                {
                    use super::super::*;
                    __surrounded
                        .set(
                            "B",
                            &::isolated_test::__private::expr!(
                                S { n : super::super::N } .n
                            ),
                        );
                }
                __surrounded.set("D", &::isolated_test::__private::expr!(4));
            },
        )
        .run_function(moves)
}
"#,
    );
}

/// The attribute of a file is outside of no module.
#[test]
fn expressions_of_a_file_stay() {
    assert_eq!(
        expanded(
            "__inherited(0, serial = self::KEY)",
            "#[test] fn stays() { }"
        ),
        expanded("serial = self::KEY", "#[test] fn stays() { }")
    );
}
