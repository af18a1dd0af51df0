use isolated_test::isolated;

#[isolated(a = pool, b = pool("phones"), c = pool(["left"]), d = pool("phones", "left", "right"), e = pool("phones", []), f = pool("phones", 3))]
#[test]
fn calls() {}

fn main() {}
