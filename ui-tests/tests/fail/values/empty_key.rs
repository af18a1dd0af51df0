use isolated_test::isolated;

#[isolated(serial = "", shared = ["a", ""])]
#[test]
fn adds() {}

#[isolated(limit("", 4))]
#[test]
fn has_a_limit() {}

fn main() {}
