use isolated_test::isolated;

#[isolated(threads)]
#[test]
fn adds() {}

fn main() {}
