use isolated_test::isolated;

#[isolated(processes)]
#[test]
fn adds() {}

fn main() {}
