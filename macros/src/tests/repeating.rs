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

/// An asynchronous body that gives nothing away can be called again.
#[test]
fn asynchronous() {
    let call = |item: &str| {
        let expanded = expanded("port, db = Db", item);
        let (_, call) = expanded.rsplit_once("\n    ::isolated_test::__private::")?;
        Some(call.split('(').next()?.to_owned())
    };
    for (item, expected) in [
        ("#[tokio::test] async fn asks() { }", "run_plain_async"),
        (
            "#[tokio::test] async fn asks(port: Port, db: Db) -> io::Result<()> { Ok(()) }",
            "run_plain_async",
        ),
        (
            "#[tokio::test] async fn asks() -> ! { loop { } }",
            "run_async",
        ),
        (
            "#[rstest] #[tokio::test] async fn asks(#[case] n: u32, port: Port) { }",
            "run_async",
        ),
    ] {
        assert_eq!(call(item).as_deref(), Some(expected), "{item}");
    }
}
