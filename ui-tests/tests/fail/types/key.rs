use isolated_test::isolated;

const NUMBER: u8 = 1;

#[isolated(serial = NUMBER, test_attribute = "called by nobody")]
fn stores() {}

fn main() {}
