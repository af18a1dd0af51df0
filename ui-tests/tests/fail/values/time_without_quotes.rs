use isolated_test::isolated;

#[isolated(timeout = 30s, timeout = 1.5h)]
#[test]
fn adds() {}

fn main() {}
