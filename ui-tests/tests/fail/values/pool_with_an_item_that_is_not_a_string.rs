use isolated_test::isolated;

#[isolated(phone = pool("phones", ["left", 2, , ""]))]
#[test]
fn calls() {}

fn main() {}
