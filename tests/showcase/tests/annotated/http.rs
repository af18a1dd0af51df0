//! HTTP servers in the test process: axum and `tiny_http`, with `ureq` as the client.

use std::net::SocketAddr;
use std::thread;

use isolated_test::{Port, isolated};
use rstest::rstest;
use tokio::net::TcpListener;

use crate::shop::desk::Desk;
use crate::shop::webhook::{self, Partner};
use crate::shop::{AnyError, client, web};

#[isolated(port)]
#[tokio::test(flavor = "multi_thread")]
async fn answers_health_checks(port: Port) -> Result<(), AnyError> {
    let listener = TcpListener::bind(port.addr()).await?;
    let addr = listener.local_addr()?;
    tokio::spawn(web::serve(listener));

    assert_eq!(client::get(addr, "/health")?.body, "ok");
    Ok(())
}

#[isolated(addr = port)]
#[tokio::test(flavor = "multi_thread")]
async fn fills_the_basket(addr: SocketAddr) -> Result<(), AnyError> {
    tokio::spawn(web::serve(TcpListener::bind(addr).await?));

    for item in ["tea", "milk", "sugar"] {
        assert_eq!(client::post(addr, "/items", item)?.status, 201);
    }

    let basket = client::get(addr, "/items")?.body;
    assert_eq!(basket, r#"["tea","milk","sugar"]"#, "unexpected answer");
    Ok(())
}

#[isolated(addr = port)]
#[rstest]
#[case::health("/health", 200)]
#[case::empty_basket("/items", 200)]
#[case::no_such_item("/items/7", 404)]
#[tokio::test(flavor = "multi_thread")]
async fn answers_with_status(
    addr: SocketAddr,
    #[case] path: &str,
    #[case] status: u16,
) -> Result<(), AnyError> {
    tokio::spawn(web::serve(TcpListener::bind(addr).await?));

    assert_eq!(client::get(addr, path)?.status, status, "unexpected answer");
    Ok(())
}

#[isolated(addr = port)]
#[test]
fn sends_strangers_to_the_login_page(addr: SocketAddr) -> Result<(), AnyError> {
    let _desk = Desk::open(addr)?;

    let answer = client::get(addr, "/")?;

    assert_eq!(
        (answer.status, answer.location.as_deref()),
        (302, Some("/login"))
    );
    Ok(())
}

#[isolated(addr = port)]
#[test]
fn counts_its_visitors(addr: SocketAddr) -> Result<(), AnyError> {
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

#[isolated(addr = port)]
#[test]
fn tells_the_partner_about_a_sale(addr: SocketAddr) -> Result<(), AnyError> {
    let partner = Partner::listen(addr)?;

    let delivery = thread::spawn(move || webhook::deliver(addr, "order 4711"));

    assert_eq!(partner.next()?, "order 4711", "unexpected answer");
    assert_eq!(delivery.join().unwrap()?, 204);
    Ok(())
}
