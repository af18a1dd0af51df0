use isolated_test::isolated;

// Not `#[test]`, which removes the function from a build without tests.
#[isolated(tmpdir, test_attribute = "called by nobody")]
fn serves(_tmpdir: String) {}

fn main() {
    serves();
}
