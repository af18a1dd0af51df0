use isolated_test::isolated;

// Not `#[test]`, which removes the function from a build without tests.
#[isolated(seed, test_attribute = "called by nobody")]
fn serves(_seed: [u8; 32]) {}

fn main() {
    serves();
}
