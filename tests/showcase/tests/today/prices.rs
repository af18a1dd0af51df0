//! A fixture with many readers and one writer: the price list.

use std::sync::{PoisonError, RwLock};

use crate::shop::{AnyError, prices};

static PRICES: RwLock<()> = RwLock::new(());

#[test]
fn every_article_has_a_price() -> Result<(), AnyError> {
    let _reader = PRICES.read().unwrap_or_else(PoisonError::into_inner);

    assert_eq!(prices::read()?.len(), 400, "the price list was clobbered");
    Ok(())
}

#[test]
fn nothing_is_free() -> Result<(), AnyError> {
    let _reader = PRICES.read().unwrap_or_else(PoisonError::into_inner);

    assert!(
        prices::read()?.values().all(|cents| *cents > 0),
        "the price list was clobbered"
    );
    Ok(())
}

#[test]
fn two_readers_see_the_same_prices() -> Result<(), AnyError> {
    let _reader = PRICES.read().unwrap_or_else(PoisonError::into_inner);

    assert_eq!(
        prices::read()?,
        prices::read()?,
        "the price list was clobbered"
    );
    Ok(())
}

#[test]
fn all_prices_rise() -> Result<(), AnyError> {
    let _writer = PRICES.write().unwrap_or_else(PoisonError::into_inner);
    let mut expected = prices::read()?;
    for cents in expected.values_mut() {
        *cents += 1;
    }

    prices::raise()?;

    assert_eq!(prices::read()?, expected, "the price list was clobbered");
    Ok(())
}
