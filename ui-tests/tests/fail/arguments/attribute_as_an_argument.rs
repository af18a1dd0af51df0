use isolated_test::isolated;

#[isolated(ignore = "slow", should_panic)]
#[test]
fn serves() {}

fn main() {}
