use isolated_test::isolated;

#[isolated(timeout = 30, timeout = "30", timeout = "1m 30", timeout = 1.5)]
#[test]
fn adds() {}

fn main() {}
