use isolated_test::isolated;

// `test_attribute` instead of `#[test]`, which removes the function from a build without tests.
#[isolated(tmpdir, test_attribute = "called by nobody")]
fn serves(_tmpdir: String) {}

fn main() {
    serves();
}
