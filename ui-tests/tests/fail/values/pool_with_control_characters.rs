use isolated_test::isolated;

#[isolated(phone = pool("phones", ["left\n"]))]
#[test]
fn calls() {}

fn main() {}
