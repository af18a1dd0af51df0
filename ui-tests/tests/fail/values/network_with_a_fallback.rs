use isolated_test::isolated;

#[isolated(network = "serial")]
#[test]
fn serves() {}

fn main() {}
