use isolated_test::isolated;

#[isolated(sreial = "tcp", key = ["a"], depth = -3, verbose = true)]
#[test]
fn adds() {}

fn main() {}
