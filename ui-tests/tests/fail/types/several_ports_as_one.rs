use isolated_test::isolated;

// Not `#[test]`, which removes the function from a build without tests.
#[isolated(port(count = 3), test_attribute = "called by nobody")]
fn serves(_port: u16) {}

fn main() {
    serves();
}
