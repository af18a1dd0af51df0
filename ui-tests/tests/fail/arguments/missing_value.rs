use isolated_test::isolated;

#[isolated(db =, serial =, crate =, port =)]
#[test]
fn adds() {}

fn main() {}
