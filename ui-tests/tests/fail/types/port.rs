use isolated_test::isolated;

// Not `#[test]`, which removes the function from a build without tests.
#[isolated(port, test_attribute = "called by nobody")]
fn serves(_port: char) {}

fn main() {
    serves();
}
