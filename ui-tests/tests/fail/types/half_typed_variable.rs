use isolated_test::isolated;

// Not `#[test]`, which removes the function from a build without tests.
#[isolated(env(A = std::, B = 1 + ), test_attribute = "called by nobody")]
fn serves() {}

fn main() {
    serves();
}
