//! Asynchronous resources: futures around the call of the function, and what a synchronous test of a
//! module leaves out.

use super::{assert_contains, expanded, messages};

/// Each resource is released after a future of everything that follows. The value of the function
/// leaves the innermost one with whether it passed.
#[test]
fn futures_around_the_call() {
    assert_contains(
        "port, first = awaited(Server::new(port)), size = value(first.len()), db = awaited(Db::new(size).await?)",
        "#[tokio::test] async fn serves(db: &mut Pool, first: Handle) -> Result<(), E> { }",
        &[
            "static __ISOLATED_SERVES:",
            "[(\"port\" Port(::isolated_test::__private::Protocol::Tcp, 1))], []",
            "async |cx| {
                let (_, value) = {
                    let (resource, __isolated_first) = cx.provision(\"first\", async {
                        let port = cx.port(0);
                        let _ = &port;",
            "expr!(Server::new(port)))
                    },).await;
                    resource.release_after(async {
                        let __isolated_first = __isolated_first;
                        let __isolated_size = cx.make_async(\"size\", async {
                            let first = &__isolated_first;",
            "let (resource, __isolated_db) = cx.provision(\"db\", async {
                            let size = &__isolated_size;",
            "expr!(Db::new(size).await?)",
            "resource.release_after(async {
                            let mut __isolated_db = __isolated_db;
                            let value = serves(&mut __isolated_db, __isolated_first).await;
                            (::isolated_test::__private::Returned::new(&value).passed(), value,)
                        }).await
                    }).await
                };
                value
            }",
        ],
    );
}

/// There is no value to judge.
#[test]
fn of_a_test_that_never_returns() {
    assert_contains(
        "db = awaited(Db)",
        "#[tokio::test] async fn serves(db: Pool) -> ! { }",
        &["resource.release_after_panic(async {
                let __isolated_db = __isolated_db;
                serves(__isolated_db).await
            }).await"],
    );
}

/// An inherited expression keeps its names.
#[test]
fn of_a_module() {
    assert_contains(
        "__inherited(1, port, db = awaited(self::Db::new(port)))",
        "#[tokio::test] async fn serves(db: Pool) { }",
        &[
            "use super::*; let port = cx.port(0);",
            "expr!(super::Db::new(port))",
        ],
    );
}

/// It needs no `.await` in its expression to be left out.
#[test]
fn left_out_of_a_synchronous_test() {
    const INHERITED: &str =
        "__inherited(1, db = awaited(Db), size = value(db.size()), other = value(1))";
    let synchronous = expanded(INHERITED, "#[test] fn serves() { }");
    for (name, is_left_out) in [("db", true), ("size", true), ("other", false)] {
        assert_eq!(
            !synchronous.contains(&format!("__isolated_{name}")),
            is_left_out,
            "{synchronous}"
        );
    }
    for used in ["db", "size"] {
        let messages = messages(INHERITED, &format!("#[test] fn serves({used}: u8) {{ }}"));
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(
            messages[0].starts_with("`db` cannot be awaited"),
            "{messages:?}"
        );
    }
}

/// A block on a future is no way out, unlike in a value.
#[test]
fn not_blocked_on() {
    let arguments = "db = awaited(runtime().block_on(async { connect().await }))";
    let messages = messages(arguments, "#[test] fn serves(db: Pool) { }");
    assert_eq!(messages.len(), 1, "{messages:?}");
}
