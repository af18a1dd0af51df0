//! Cleanup after a body that ends in a value, with `sealed_test`.

use sealed_test::prelude::*;

fn clean_up() {}

#[sealed_test(after = clean_up())]
fn tail() -> Result<(), String> {
    Ok(())
}
