use isolated_test::isolated;

#[isolated(serial = "a\nb")]
#[test]
fn adds() {}

fn main() {}
