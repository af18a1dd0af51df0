//! Forbidden lints, which generated code must not allow.

#![forbid(
    dead_code,
    deprecated,
    non_snake_case,
    non_upper_case_globals,
    unreachable_code,
    unsafe_code,
    unused_imports,
    unused_must_use,
    unused_variables
)]

use isolated_test::isolated;
use rstest::rstest;

#[isolated(port, process)]
#[test]
fn plain(port: u16) {
    assert_ne!(port, 0);
}

#[isolated(port)]
#[tokio::test]
async fn asynchronous(port: u16) {
    tokio::task::yield_now().await;
    assert_ne!(port, 0);
}

#[isolated(port, number = value(port.number()), unused = value("3".parse::<u8>()?))]
#[test]
fn values(number: u16) {
    assert_ne!(number, 0);
}

#[isolated(port, number = value(async { port.number() }.await), same = value(async { *number }.await))]
#[tokio::test]
async fn asynchronous_values(number: u16) {
    assert_ne!(number, 0);
}

#[isolated(port, timeout = "30s")]
#[rstest]
#[case(1)]
#[case(2)]
fn cases(#[case] number: u16, port: u16) {
    assert!(number < port);
}
