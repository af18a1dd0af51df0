use isolated_test::isolated;

#[isolated(crate = "isolated_test")]
#[test]
fn adds() {}

fn main() {}
