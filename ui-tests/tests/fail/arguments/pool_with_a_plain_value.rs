use isolated_test::isolated;

#[isolated(pool = ["left", "right"])]
#[test]
fn calls() {}

fn main() {}
