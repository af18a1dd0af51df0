use isolated_test::isolated;

const fn limit() -> u64 {
    30
}

// Not `#[test]`, which removes the function from a build without tests.
#[isolated(timeout = limit(), test_attribute = "called by nobody")]
fn serves() {}

fn main() {
    serves();
}
