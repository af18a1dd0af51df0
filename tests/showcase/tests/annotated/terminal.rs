//! The card terminal and its neighbours: a well-known port, a bank line without a time limit, a
//! daemon.

use isolated_test::isolated;
use tokio::net::TcpListener;

use crate::shop::desk::Desk;
use crate::shop::{AnyError, client, web};

#[isolated(network(or = "serial"))]
#[tokio::test(flavor = "multi_thread")]
async fn fills_the_basket_on_port_8080() -> Result<(), AnyError> {
    let addr = "127.0.0.1:8080";
    tokio::spawn(web::serve(TcpListener::bind(addr).await?));

    assert_eq!(client::post(addr, "/items", "tea")?.status, 201);

    let basket = client::get(addr, "/items")?.body;
    assert_eq!(basket, r#"["tea"]"#, "unexpected answer");
    Ok(())
}

#[isolated(network(or = "serial"))]
#[test]
fn counts_its_visitors_on_port_8080() -> Result<(), AnyError> {
    let addr = "127.0.0.1:8080";
    let _desk = Desk::open(addr)?;

    for _ in 0..5 {
        client::get(addr, "/")?;
    }

    let visits = client::get(addr, "/visits")?.body;
    assert_eq!(visits, "5", "unexpected answer");
    Ok(())
}

#[cfg(unix)]
mod connections {
    use std::process;

    use isolated_test::{TmpDir, isolated};

    use crate::shop::{AnyError, bank, courier};

    #[isolated(tmpdir, timeout = "60s")]
    #[test]
    fn asks_the_bank(tmpdir: &TmpDir) -> Result<(), AnyError> {
        let line = tmpdir.join("shop-bank");

        for order in 1..=6 {
            bank::approve(&line, &format!("{order} of {}", process::id()))?;
        }
        Ok(())
    }

    #[isolated(process, tmpdir)]
    #[test]
    fn leaves_the_delivery_to_the_courier(tmpdir: &TmpDir) -> Result<(), AnyError> {
        courier::start(tmpdir)?;

        assert_eq!(courier::send(tmpdir, "tea")?, "tea");
        Ok(())
    }
}
