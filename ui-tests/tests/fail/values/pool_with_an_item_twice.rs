use isolated_test::isolated;

#[isolated(phone = pool("phones", ["left", "right", "left"]))]
#[test]
fn calls() {}

fn main() {}
