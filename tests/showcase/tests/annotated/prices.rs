//! A fixture with many readers and one writer: the price list.

use isolated_test::isolated;

use crate::shop::{AnyError, prices};

#[isolated(shared = "prices")]
#[test]
fn every_article_has_a_price() -> Result<(), AnyError> {
    assert_eq!(prices::read()?.len(), 400, "the price list was clobbered");
    Ok(())
}

#[isolated(shared = "prices")]
#[test]
fn nothing_is_free() -> Result<(), AnyError> {
    assert!(
        prices::read()?.values().all(|cents| *cents > 0),
        "the price list was clobbered"
    );
    Ok(())
}

#[isolated(shared = "prices")]
#[test]
fn two_readers_see_the_same_prices() -> Result<(), AnyError> {
    assert_eq!(
        prices::read()?,
        prices::read()?,
        "the price list was clobbered"
    );
    Ok(())
}

#[isolated(serial = "prices")]
#[test]
fn all_prices_rise() -> Result<(), AnyError> {
    let mut expected = prices::read()?;
    for cents in expected.values_mut() {
        *cents += 1;
    }

    prices::raise()?;

    assert_eq!(prices::read()?, expected, "the price list was clobbered");
    Ok(())
}
