use isolated_test::isolated;

#[isolated(serial = "", shared = ["a", ""])]
#[test]
fn adds() {}

fn main() {}
