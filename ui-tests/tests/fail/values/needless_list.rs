use isolated_test::isolated;

#[isolated(seed(7), namespace(), alone("x"))]
#[test]
fn adds() {}

fn main() {}
