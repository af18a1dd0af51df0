use isolated_test::isolated;

const ISSUE: u32 = 1234;

// Not `#[test]`, which removes the function from a build without tests.
#[isolated(quarantine = ISSUE, test_attribute = "called by nobody")]
fn serves() {}

fn main() {
    serves();
}
