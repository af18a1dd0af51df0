//! The card terminal and its neighbours: a well-known port, a bank line without a time limit, a
//! daemon.

use crate::background;
use crate::shop::desk::Desk;
use crate::shop::{AnyError, client};

#[tokio::test(flavor = "multi_thread")]
async fn fills_the_basket_on_port_8080() -> Result<(), AnyError> {
    let addr = "127.0.0.1:8080";
    background::web_shop(addr);

    assert_eq!(client::post(addr, "/items", "tea")?.status, 201);

    let basket = client::get(addr, "/items")?.body;
    assert_eq!(basket, r#"["tea"]"#, "unexpected answer");
    Ok(())
}

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
    use std::{env, process};

    use crate::shop::{AnyError, bank, courier};

    #[test]
    fn asks_the_bank() -> Result<(), AnyError> {
        let line = env::temp_dir().join("shop-bank");

        for order in 1..=6 {
            bank::approve(&line, &format!("{order} of {}", process::id()))?;
        }
        Ok(())
    }

    #[test]
    fn leaves_the_delivery_to_the_courier() -> Result<(), AnyError> {
        let folder = env::temp_dir().join("shop-courier");

        courier::start(&folder)?;

        assert_eq!(courier::send(&folder, "tea")?, "tea");
        Ok(())
    }
}
