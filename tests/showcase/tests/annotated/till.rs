//! The till, which keeps its state in statics: the audit log, and a driver that tolerates no
//! mistakes.

use std::io;

use isolated_test::isolated;

use crate::shop::drawer::Drawer;
use crate::shop::{audit, receipt};

#[isolated(process)]
#[test]
fn notes_every_sale() -> io::Result<()> {
    audit::clear();

    for customers in 1..=15 {
        receipt::sell(&["tea"])?;
        assert_eq!(audit::count(), customers, "somebody else uses the log");
    }
    Ok(())
}

#[isolated(process)]
#[test]
fn notes_the_articles_of_a_basket_in_order() -> io::Result<()> {
    audit::clear();

    let basket = [
        "tea", "milk", "sugar", "salt", "bread", "jam", "rice", "wine", "soap",
    ];
    receipt::sell(&basket)?;

    let expected = basket.map(|article| format!("sold {article}"));
    assert_eq!(audit::entries(), expected, "somebody else uses the log");
    Ok(())
}

#[isolated(process)]
#[test]
fn opens_the_drawer_for_change() {
    for _ in 0..10 {
        let mut drawer = Drawer::open();
        assert_eq!(drawer.put(&[200, 100, 50]), 350);
    }
}

#[isolated(process)]
#[test]
fn opens_the_drawer_in_the_evening() {
    let mut drawer = Drawer::open();

    assert_eq!(drawer.put(&[200; 30]), 6_000);
}
