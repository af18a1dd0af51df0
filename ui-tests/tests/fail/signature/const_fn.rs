use isolated_test::isolated;

#[isolated]
#[test]
const fn adds() {}

fn main() {}
