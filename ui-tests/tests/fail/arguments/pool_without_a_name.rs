use isolated_test::isolated;

#[isolated(pool("phones", ["left", "right"]), pool)]
#[test]
fn calls() {}

fn main() {}
