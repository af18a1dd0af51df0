use isolated_test::isolated;

#[isolated(cwd =, cwd("fixtures"))]
#[test]
fn adds() {}

fn main() {}
