//! A database file with a fixed name.

use std::{env, fs};

use crate::shop::AnyError;
use crate::shop::orders::Orders;

#[test]
fn adds_up_the_orders() -> Result<(), AnyError> {
    let path = env::temp_dir().join("shop-orders.db");
    let _ = fs::remove_file(&path);
    let orders = Orders::open(&path)?;

    for cents in 1..=20 {
        orders.add(cents)?;
    }

    assert_eq!(orders.total()?, (20, 210), "the orders were clobbered");
    Ok(())
}

#[test]
fn pays_every_order_once() -> Result<(), AnyError> {
    let path = env::temp_dir().join("shop-payments.db");
    let mut orders = Orders::open(&path)?;
    orders.clear()?;

    for cents in 1..=10 {
        orders.add(cents)?;
    }

    assert_eq!(orders.pay_all()?, 10, "the orders were clobbered");
    assert_eq!(orders.pay_all()?, 0, "the orders were clobbered");
    Ok(())
}

#[test]
fn keeps_orders_over_a_restart() -> Result<(), AnyError> {
    let path = env::temp_dir().join("shop-restart.db");
    let _ = fs::remove_file(&path);

    for day in 1..=3 {
        let orders = Orders::open(&path)?;
        orders.add(500)?;
        assert_eq!(
            orders.total()?,
            (day, 500 * day),
            "the orders were clobbered"
        );
    }
    Ok(())
}

#[test]
fn closes_the_books_every_evening() -> Result<(), AnyError> {
    let path = env::temp_dir().join("shop-books.db");
    let mut orders = Orders::open(&path)?;

    let closings = orders.close_the_books()?;
    orders.add(500)?;

    let expected = closings + 1;
    assert_eq!(
        orders.close_the_books()?,
        expected,
        "the books were clobbered"
    );
    Ok(())
}
