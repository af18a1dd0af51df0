//! A key that is no identifier, with `serial_test`.

#[test]
#[serial_test::serial("licence server")]
fn key() {}
