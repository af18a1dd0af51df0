//! Tables and topics in the shared store.

use isolated_test::{Namespace, isolated};

use crate::shop::AnyError;
use crate::shop::store::Store;

#[isolated(table = namespace)]
#[test]
fn lists_customers_by_name(table: &str) -> Result<(), AnyError> {
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

#[isolated(table = namespace)]
#[test]
fn starts_with_an_empty_table(table: &str) -> Result<(), AnyError> {
    let store = Store::connect()?;

    store.create_table(table)?;

    assert!(
        store.customers(table)?.is_empty(),
        "the table was clobbered"
    );
    store.drop_table(table)?;
    Ok(())
}

#[isolated(topic = namespace)]
#[test]
fn takes_messages_in_order(topic: Namespace) -> Result<(), AnyError> {
    let mut store = Store::connect()?;

    for body in ["placed", "paid", "sent"] {
        store.publish(&topic, body)?;
    }

    assert_eq!(
        store.consume(&topic)?,
        ["placed", "paid", "sent"],
        "the topic was clobbered"
    );
    Ok(())
}

#[isolated(topic = namespace)]
#[test]
fn takes_each_message_once(topic: &str) -> Result<(), AnyError> {
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
