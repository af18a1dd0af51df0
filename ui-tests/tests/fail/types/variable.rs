use isolated_test::isolated;

// Not `#[test]`, which removes the function from a build without tests.
#[isolated(tmpdir, env(A = vec![1, 2], B = &tmpdir, C = Some(()), D = "d"), test_attribute = "called by nobody")]
fn serves() {}

fn main() {
    serves();
}
