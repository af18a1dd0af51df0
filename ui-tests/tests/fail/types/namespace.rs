use isolated_test::isolated;

// Not `#[test]`, which removes the function from a build without tests.
#[isolated(namespace, test_attribute = "called by nobody")]
fn serves(_namespace: u64) {}

fn main() {
    serves();
}
