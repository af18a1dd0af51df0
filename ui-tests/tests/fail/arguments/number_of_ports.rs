use isolated_test::isolated;

#[isolated(port(3), admin = port(n = 2), debug = port(2u8))]
#[test]
fn serves() {}

fn main() {}
