use isolated_test::isolated;

#[isolated(timeout, timeout("30s"), timeout =, timeout = true)]
#[test]
fn adds() {}

fn main() {}
