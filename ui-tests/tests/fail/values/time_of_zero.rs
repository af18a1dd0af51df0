use isolated_test::isolated;

#[isolated(timeout = "0s", timeout = "0h 0.00m")]
#[test]
fn adds() {}

fn main() {}
