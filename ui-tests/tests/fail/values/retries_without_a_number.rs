use isolated_test::isolated;

#[isolated(retries, retries(3), retries =, retries = "3", retries = 1.5, retries = true)]
#[test]
fn adds() {}

fn main() {}
