use isolated_test::isolated;

#[isolated(pool = value(1, 2))]
#[test]
fn has_two(_pool: u8) {}

fn main() {}
