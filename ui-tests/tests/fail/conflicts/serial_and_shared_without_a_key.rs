use isolated_test::isolated;

#[isolated(serial, shared)]
#[test]
fn adds() {}

fn main() {}
