use isolated_test::isolated;

// Not `#[test]`, which removes the function from a build without tests.
#[isolated(phone = pool("phones", ["left", "right"]), test_attribute = "called by nobody")]
fn calls(_phone: u16) {}

fn main() {
    calls();
}
