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

use isolated_test::{AsyncResource, BoxError, Current, isolated};
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

struct Resource;

impl AsyncResource for Resource {
    type Handle = u8;

    async fn provision(&mut self, _: &Current) -> Result<u8, BoxError> {
        Ok(1)
    }
}

#[isolated(used = awaited(Resource), unused = awaited(Resource))]
#[tokio::test]
async fn asynchronous_resources(used: u8) {
    assert_eq!(used, 1);
}

#[isolated(used = awaited(Resource))]
#[tokio::test]
#[should_panic(expected = "number 1")]
async fn asynchronous_resource_of_a_test_that_never_returns(used: u8) -> ! {
    panic!("number {used}");
}

#[isolated(port, timeout = "30s")]
#[rstest]
#[case(1)]
#[case(2)]
fn cases(#[case] number: u16, port: u16) {
    assert!(number < port);
}
