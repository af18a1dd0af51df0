//! Tables and topics in the shared store.

use crate::shop::AnyError;
use crate::shop::store::Store;

#[test]
fn lists_customers_by_name() -> Result<(), AnyError> {
    let table = "customers";
    let store = Store::connect()?;
    store.drop_table(table)?;
    store.create_table(table)?;

    for customer in ["mira", "anton", "zoe"] {
        store.insert(table, customer)?;
    }

    assert_eq!(
        store.customers(table)?,
        ["anton", "mira", "zoe"],
        "the table was clobbered"
    );
    store.drop_table(table)?;
    Ok(())
}

#[test]
fn starts_with_an_empty_table() -> Result<(), AnyError> {
    let table = "suppliers";
    let store = Store::connect()?;

    store.create_table(table)?;

    assert!(
        store.customers(table)?.is_empty(),
        "the table was clobbered"
    );
    store.drop_table(table)?;
    Ok(())
}

#[test]
fn takes_messages_in_order() -> Result<(), AnyError> {
    let topic = "orders";
    let mut store = Store::connect()?;

    for body in ["placed", "paid", "sent"] {
        store.publish(topic, body)?;
    }

    assert_eq!(
        store.consume(topic)?,
        ["placed", "paid", "sent"],
        "the topic was clobbered"
    );
    Ok(())
}

#[test]
fn takes_each_message_once() -> Result<(), AnyError> {
    let topic = "returns";
    let mut store = Store::connect()?;

    store.publish(topic, "too small")?;

    assert_eq!(
        store.consume(topic)?,
        ["too small"],
        "the topic was clobbered"
    );
    assert!(store.consume(topic)?.is_empty(), "the topic was clobbered");
    Ok(())
}
