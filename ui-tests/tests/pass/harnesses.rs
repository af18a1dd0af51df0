//! Every known test attribute, below ours.

use std::time::Duration;

use googletest::prelude::*;
use isolated_test::{BoxError, Current, Port, Resource, isolated};
use quickcheck_macros::quickcheck;
use rstest::{fixture, rstest};
use test_case::{test_case, test_matrix};
use test_context::{TestContext, test_context};

/// `async-std` and `sqlx` are heavy. These stand in for them, because only the path of the
/// attribute matters, and that it makes the function a test.
mod async_std {
    pub(super) use tokio::test;
}
mod sqlx {
    pub(super) use tokio::test;
}

struct Number(u32);

impl Resource for Number {
    type Handle = u32;

    fn provision(&mut self, _: &Current) -> std::result::Result<u32, BoxError> {
        Ok(self.0)
    }
}

#[isolated(port, number = Number(4))]
#[tokio::test]
async fn tokio(port: Port, number: &u32) -> std::io::Result<()> {
    tokio::task::yield_now().await;
    let _listener = tokio::net::TcpListener::bind(("127.0.0.1", port.number())).await?;
    assert_eq!(*number, 4);
    Ok(())
}

#[isolated(port)]
#[tokio::test(flavor = "multi_thread")]
async fn tokio_with_arguments(port: u16) {
    assert_ne!(tokio::spawn(async move { port }).await.unwrap(), 0);
}

#[isolated(port)]
#[cfg_attr(all(), tokio::test)]
async fn tokio_on_a_condition(port: u16) {
    assert_ne!(port, 0);
}

#[isolated(port)]
#[actix_rt::test]
async fn actix(port: u16) {
    actix_rt::time::sleep(Duration::ZERO).await;
    assert_ne!(port, 0);
}

#[isolated(port)]
#[async_std::test]
async fn async_std(port: u16) {
    assert_ne!(port, 0);
}

#[isolated(port)]
#[sqlx::test]
async fn sqlx(port: u16) {
    assert_ne!(port, 0);
}

#[fixture]
fn name() -> String {
    "name".to_owned()
}

#[fixture]
async fn later() -> u32 {
    3
}

#[isolated(port, number = Number(n))]
#[rstest]
#[case(1, (2, 3))]
#[case::second(2, (3, 4))]
fn rstest_cases(
    #[case] mut n: u32,
    port: &Port,
    name: String,
    number: u32,
    #[case] (a, b): (u32, u32),
) {
    assert_eq!(n, number);
    n += 1;
    assert_eq!((a, b), (n, n + 1));
    assert!(port.number() > 0 && name == "name");
}

#[isolated(port)]
#[rstest]
#[tokio::test]
async fn rstest_async(
    port: u16,
    #[values(1, 2)] n: u32,
    #[future] later: u32,
    #[future(awt)]
    #[from(later)]
    now: u32,
) {
    assert!(n + later.await == n + now && port > 0);
}

#[isolated(port)]
#[rstest]
#[awt]
#[tokio::test]
async fn rstest_awaited(port: u16, #[future] later: u32) {
    assert!(later == 3 && port > 0);
}

#[isolated(port)]
#[rstest]
fn rstest_generic<T: AsRef<str>>(#[values("a", "b")] text: T, port: u16) {
    assert!(text.as_ref().len() == 1 && port > 0);
}

#[isolated(port)]
#[test_case(1)]
#[test_case(2; "two")]
fn test_cases(n: u32, port: u16) {
    assert!(n > 0 && port > 0);
}

#[isolated(port)]
#[test_case(1 => 2)]
#[test_case(2 => matches 4)]
fn test_case_with_a_value(n: u32, port: u16) -> u32 {
    assert_ne!(port, 0);
    n * 2
}

#[isolated(port)]
#[test_case(1 => panics "one")]
fn test_case_that_panics(n: u32, port: u16) {
    assert!(port > 0 && n > 1, "one");
}

#[isolated(port)]
#[test_case(1)]
fn test_case_with_a_result(n: u32, port: u16) -> std::result::Result<(), String> {
    if n > u32::from(port) {
        Err(port.to_string())
    } else {
        Ok(())
    }
}

#[isolated(port)]
#[test_case(1)]
#[tokio::test]
async fn test_case_async(n: u32, port: u16) {
    assert!(n > 0 && port > 0);
}

#[isolated(port)]
#[test_matrix([1, 2], [3, 4])]
fn matrix(a: u32, b: u32, port: u16) {
    assert!(a < b && port > 0);
}

#[isolated(port)]
#[test_log::test]
fn logged(port: u16) {
    assert_ne!(port, 0);
}

#[isolated(port)]
#[test_log::test(tokio::test)]
async fn logged_async(port: u16) {
    assert_ne!(port, 0);
}

#[isolated(port)]
#[test_log::test(rstest)]
#[case(1)]
fn logged_cases(#[case] n: u32, port: u16) {
    assert!(n > 0 && port > 0);
}

#[isolated(port)]
#[googletest::test]
fn google(port: u16) {
    expect_that!(port, gt(0));
}

#[isolated(port)]
#[gtest]
#[tokio::test]
async fn google_async(port: u16) -> googletest::Result<()> {
    verify_that!(port, gt(0))
}

#[isolated(port)]
#[quickcheck]
fn quick(numbers: Vec<u8>, port: u16) -> bool {
    port > 0 || numbers.is_empty()
}

struct Context;

impl TestContext for Context {
    fn setup() -> Context {
        Context
    }
}

#[isolated(port)]
#[test_context(Context)]
#[test]
fn context(context: &mut Context, port: u16) {
    let Context = context;
    assert_ne!(port, 0);
}

#[isolated(port, test_attribute)]
#[tokio::test]
async fn admitted(port: u16) {
    assert_ne!(port, 0);
}

/// A type of the user with the name of one of ours.
struct Namespace(u8);

#[rstest::fixture]
#[once]
fn namespace() -> Namespace {
    Namespace(1)
}

#[isolated(port)]
#[rstest]
fn types_of_other_people(port: u16, namespace: &Namespace) {
    assert!(port > 0 && namespace.0 == 1);
}
