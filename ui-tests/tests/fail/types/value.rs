use isolated_test::isolated;

// `test_attribute` instead of `#[test]`, which removes the function from a build without tests.
#[isolated(test_attribute)]
fn counts() -> u32 {
    3
}

fn main() {
    counts();
}
