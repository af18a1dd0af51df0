use isolated_test::isolated;

// Not `#[test]`, which removes the function from a build without tests.
#[isolated(retries = 1 +, test_attribute = "called by nobody")]
fn serves() {}

fn main() {
    serves();
}
