use isolated_test::isolated;

#[isolated(port tmpdir serial = "tcp")]
#[test]
fn adds() {}

fn main() {}
