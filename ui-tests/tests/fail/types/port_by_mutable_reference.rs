use isolated_test::{Port, isolated};

// `test_attribute` instead of `#[test]`, which removes the function from a build without tests.
#[isolated(port, test_attribute = "called by nobody")]
fn serves(_port: &mut Port) {}

fn main() {
    serves();
}
