use isolated_test::isolated;

#[isolated(phone = pool("phones", ["left"]), serial = "phones")]
#[test]
fn calls() {}

fn main() {}
