use isolated_test::isolated;

#[isolated(serial = ["a", "b", "a"], limit("x", 1), limit("x", 2))]
#[test]
fn adds() {}

fn main() {}
