//! HTTP servers in the test process: axum and `tiny_http`, with `ureq` as the client.

use std::thread;

use rstest::rstest;
use tokio::net::TcpListener;

use crate::background;
use crate::picker::free_addr;
use crate::shop::desk::Desk;
use crate::shop::webhook::{self, Partner};
use crate::shop::{AnyError, client, web};

#[tokio::test(flavor = "multi_thread")]
async fn answers_health_checks() -> Result<(), AnyError> {
    let listener = TcpListener::bind("127.0.0.1:18080").await?;
    let addr = listener.local_addr()?;
    tokio::spawn(web::serve(listener));

    assert_eq!(client::get(addr, "/health")?.body, "ok");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn fills_the_basket() -> Result<(), AnyError> {
    let addr = "127.0.0.1:18081";
    background::web_shop(addr);

    for item in ["tea", "milk", "sugar"] {
        assert_eq!(client::post(addr, "/items", item)?.status, 201);
    }

    let basket = client::get(addr, "/items")?.body;
    assert_eq!(basket, r#"["tea","milk","sugar"]"#, "unexpected answer");
    Ok(())
}

#[rstest]
#[case::health("/health", 200)]
#[case::empty_basket("/items", 200)]
#[case::no_such_item("/items/7", 404)]
#[tokio::test(flavor = "multi_thread")]
async fn answers_with_status(#[case] path: &str, #[case] status: u16) -> Result<(), AnyError> {
    let addr = free_addr()?;
    background::web_shop(addr);

    assert_eq!(client::get(addr, path)?.status, status, "unexpected answer");
    Ok(())
}

#[test]
fn sends_strangers_to_the_login_page() -> Result<(), AnyError> {
    let addr = "127.0.0.1:18082";
    let _desk = Desk::open(addr)?;

    let answer = client::get(addr, "/")?;

    assert_eq!(
        (answer.status, answer.location.as_deref()),
        (302, Some("/login"))
    );
    Ok(())
}

#[test]
fn counts_its_visitors() -> Result<(), AnyError> {
    let addr = free_addr()?;
    let _desk = Desk::open(addr)?;

    for _ in 0..10 {
        client::get(addr, "/")?;
    }

    assert_eq!(
        client::get(addr, "/visits")?.body,
        "10",
        "unexpected answer"
    );
    Ok(())
}

#[test]
fn tells_the_partner_about_a_sale() -> Result<(), AnyError> {
    let addr = "127.0.0.1:18083";
    let partner = Partner::listen(addr)?;

    let delivery = thread::spawn(move || webhook::deliver(addr, "order 4711"));

    assert_eq!(partner.next()?, "order 4711", "unexpected answer");
    assert_eq!(delivery.join().unwrap()?, 204);
    Ok(())
}
