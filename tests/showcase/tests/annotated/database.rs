//! A database file with a fixed name.

use std::path::Path;

use isolated_test::isolated;

use crate::shop::AnyError;
use crate::shop::orders::Orders;

#[isolated(tmpdir)]
#[test]
fn adds_up_the_orders(tmpdir: &Path) -> Result<(), AnyError> {
    let path = tmpdir.join("shop-orders.db");
    let orders = Orders::open(&path)?;

    for cents in 1..=20 {
        orders.add(cents)?;
    }

    assert_eq!(orders.total()?, (20, 210), "the orders were clobbered");
    Ok(())
}

#[isolated(tmpdir)]
#[test]
fn pays_every_order_once(tmpdir: &Path) -> Result<(), AnyError> {
    let path = tmpdir.join("shop-payments.db");
    let mut orders = Orders::open(&path)?;
    orders.clear()?;

    for cents in 1..=10 {
        orders.add(cents)?;
    }

    assert_eq!(orders.pay_all()?, 10, "the orders were clobbered");
    assert_eq!(orders.pay_all()?, 0, "the orders were clobbered");
    Ok(())
}

#[isolated(tmpdir)]
#[test]
fn keeps_orders_over_a_restart(tmpdir: &Path) -> Result<(), AnyError> {
    let path = tmpdir.join("shop-restart.db");

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

#[isolated(tmpdir)]
#[test]
fn closes_the_books_every_evening(tmpdir: &Path) -> Result<(), AnyError> {
    let path = tmpdir.join("shop-books.db");
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
