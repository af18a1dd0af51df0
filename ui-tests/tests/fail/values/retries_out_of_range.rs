use isolated_test::isolated;

#[isolated(retries = 101, retries = -1, retries = 4294967296)]
#[test]
fn adds() {}

fn main() {}
