//! Whose body may be called again, and who calls it many times already.

use super::expanded;

/// The runtime is told when it is called many times for one test.
#[test]
fn called_often() {
    for (item, expected) in [
        ("#[quickcheck] fn sorts(numbers: Vec<u8>) { }", true),
        (
            "#[quickcheck] fn sorts(numbers: Vec<u8>) -> bool { true }",
            true,
        ),
        ("#[proptest] async fn holds(n: u32) { }", true),
        (
            "#[cfg_attr(unix, property_test)] fn holds(n: u32) { }",
            true,
        ),
        ("#[rstest] #[case(1)] fn adds(#[case] n: u32) { }", false),
        (
            "#[test_case(1 => 2)] fn adds(n: u32) -> u32 { n + 1 }",
            false,
        ),
    ] {
        let expanded = expanded("", item).replace(char::is_whitespace, "");
        let constant = expanded.split(",&mut[").next().unwrap_or_default();
        assert_eq!(constant.ends_with(";often)"), expected, "{item}");
    }
}

/// An asynchronous body runs below the test that its attribute generates, unless what stands around
/// that test needs a value of the attribute's.
#[test]
fn asynchronous() {
    let entry = |arguments: &str, item: &str| {
        let expanded = expanded(arguments, item);
        let entries = ["judged_inside_async", "inside_async", "test_inside"];
        let is_called = |entry: &&str| expanded.contains(&format!("::__private::{entry}("));
        entries.into_iter().find(is_called)
    };
    for (arguments, item, expected) in [
        ("port", "#[tokio::test] async fn asks() { }", "inside_async"),
        (
            "port, db = Db",
            "#[tokio::test] async fn asks(port: Port, db: Db) -> io::Result<()> { Ok(()) }",
            "inside_async",
        ),
        (
            "port",
            "#[tokio::test] async fn asks() -> ! { loop { } }",
            "judged_inside_async",
        ),
        (
            "port",
            "#[tokio::test] async fn asks() -> Result<(), impl Debug> { Ok(()) }",
            "judged_inside_async",
        ),
        (
            "port",
            "#[rstest] #[tokio::test] async fn asks(#[case] n: u32, port: Port) { }",
            "inside_async",
        ),
        (
            "db = Db { rows: n }",
            "#[rstest] #[tokio::test] async fn asks(#[case] n: u32, db: Db) { }",
            "test_inside",
        ),
    ] {
        assert_eq!(entry(arguments, item), Some(expected), "{item}");
    }
}
