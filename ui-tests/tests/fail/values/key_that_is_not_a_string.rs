use isolated_test::isolated;

#[isolated(serial = 3, shared = ["a", true])]
#[test]
fn adds() {}

fn main() {}
