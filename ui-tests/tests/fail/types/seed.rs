use isolated_test::isolated;

// `test_attribute` instead of `#[test]`, which removes the function from a build without tests.
#[isolated(seed, test_attribute = "called by nobody")]
fn serves(_seed: [u8; 32]) {}

fn main() {
    serves();
}
