//! Values: statements before the call of the function, and the values that a module passes on.

use super::{assert_contains, assert_expands, expanded, messages};

/// The spec knows nothing of values. A parameter that takes a value leaves nothing behind.
#[test]
fn statements_before_the_call() {
    assert_expands(
        "tmpdir, config = value(load(tmpdir)?), port, client = value(connect(port, &config)?), unused = value(1)",
        "#[test] fn serves(client: &mut Client, _config: Config) { }",
        r#"#[test]
fn serves() {
    fn serves(client: &mut Client, _config: Config) {}
    ::isolated_test::__private::test(
            &::isolated_test::__private::spec!(
                "serves", ::isolated_test::__private::ShouldPanic::No, [("tmpdir" TmpDir
                { from : & [], keep : ::core::option::Option::None }), ("port"
                Port(::isolated_test::__private::Protocol::Tcp, 1))], []
            ),
            &mut [],
        )
        .run_plain(
            &mut |cx| ::isolated_test::__private::passed({
                let __isolated_config = cx
                    .make(
                        "config",
                        || {
                            let tmpdir = cx.tmpdir(0);
                            let _ = &tmpdir;
                            ::core::result::Result::Ok::<
                                _,
                                ::isolated_test::__private::NotMade,
                            >(::isolated_test::__private::expr!(load(tmpdir) ?))
                        },
                    );
                let mut __isolated_client = cx
                    .make(
                        "client",
                        || {
                            let port = cx.port(1);
                            let _ = &port;
                            let config = &__isolated_config;
                            let _ = &config;
                            ::core::result::Result::Ok::<
                                _,
                                ::isolated_test::__private::NotMade,
                            >(
                                ::isolated_test::__private::expr!(connect(port, & config) ?),
                            )
                        },
                    );
                let __isolated_unused = cx
                    .make(
                        "unused",
                        || {
                            ::core::result::Result::Ok::<
                                _,
                                ::isolated_test::__private::NotMade,
                            >(::isolated_test::__private::expr!(1))
                        },
                    );
                serves(&mut __isolated_client, __isolated_config)
            }),
        )
}
"#,
    );
}

/// The value is awaited in the runtime of the test.
#[test]
fn asynchronous() {
    assert_contains(
        "pool = value(connect().await?)",
        "#[tokio::test] async fn serves(pool: Pool) { }",
        &[
            "async |cx| { let __isolated_pool = cx.make_async(\"pool\", async {",
            "expr!(connect().await?)) },).await; serves(__isolated_pool).await }",
        ],
    );
}

/// A value borrows the handle before the parameter takes it, and sees the parameter of a case.
#[test]
fn handle_that_a_parameter_takes() {
    assert_contains(
        "db = Db, pool = value(connect(db, n)?)",
        "#[rstest] fn serves(#[case] n: u32, db: Connection, pool: &Pool) { }",
        &[
            "let __isolated_db = cx.custom_value(0, &make_db); let __isolated_pool = cx.make(",
            "let db = &__isolated_db; let _ = &db;",
            "expr!(connect(db, n)?)",
            "serves(n, __isolated_db, &__isolated_pool)",
        ],
    );
}

/// An inherited expression keeps its names, and the resources and values keep theirs.
#[test]
fn of_a_module() {
    assert_contains(
        "__inherited(2, port, config = value(self::load(port)), pool = value(connect(config)?))",
        "#[test] fn serves(pool: Pool) { }",
        &[
            "use super::super::*; let port = cx.port(0);",
            "expr!(super::super::load(port))",
            "use super::super::*; let config = &__isolated_config;",
        ],
    );
}

/// A synchronous test of a module is without the values that it cannot await and does not use.
#[test]
fn left_out_of_a_synchronous_test() {
    const INHERITED: &str = "__inherited(1, sized = value(1), pool = value(connect().await), size = value(pool.size()))";
    let asynchronous = expanded(INHERITED, "#[tokio::test] async fn serves() { }");
    let synchronous = expanded(INHERITED, "#[test] fn serves() { }");
    for (name, is_left_out) in [("sized", false), ("pool", true), ("size", true)] {
        let variable = format!("let __isolated_{name} =");
        assert!(asynchronous.contains(&variable), "{asynchronous}");
        assert_eq!(
            !synchronous.contains(&variable),
            is_left_out,
            "{synchronous}"
        );
    }
    for used in ["pool", "size"] {
        let messages = messages(INHERITED, &format!("#[test] fn serves({used}: u8) {{ }}"));
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(
            messages[0].starts_with("`pool` cannot await"),
            "{messages:?}"
        );
    }
}

/// An expression with an `async` block may block on it.
#[test]
fn blocked_on() {
    let arguments = "pool = value(runtime().block_on(async { connect().await }))";
    let messages = messages(arguments, "#[test] fn serves(pool: Pool) { }");
    assert!(messages.is_empty(), "{messages:?}");
}
