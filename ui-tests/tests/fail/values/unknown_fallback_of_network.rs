use isolated_test::isolated;

#[isolated(network(or = "ignore"), network(or), network(and = "skip"), network = "none")]
#[test]
fn adds() {}

fn main() {}
