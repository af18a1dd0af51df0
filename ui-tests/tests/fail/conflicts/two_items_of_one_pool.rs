use isolated_test::isolated;

#[isolated(one = pool("phones", ["a", "b"]), other = pool("phones", ["a", "b"]))]
#[test]
fn calls() {}

fn main() {}
