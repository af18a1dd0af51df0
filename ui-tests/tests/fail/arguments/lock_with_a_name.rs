use isolated_test::isolated;

#[isolated(mine = serial, yours = limit("a", 1))]
#[test]
fn adds() {}

fn main() {}
