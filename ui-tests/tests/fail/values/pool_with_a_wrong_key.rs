use isolated_test::isolated;

#[isolated(phone = pool(3, ["left"]), other = pool("", ["left"]))]
#[test]
fn calls() {}

fn main() {}
