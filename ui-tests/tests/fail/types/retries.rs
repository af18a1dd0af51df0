use isolated_test::isolated;

const RETRIES: usize = 3;

// Not `#[test]`, which removes the function from a build without tests.
#[isolated(retries = RETRIES, test_attribute = "called by nobody")]
fn serves() {}

fn main() {
    serves();
}
