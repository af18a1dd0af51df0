use isolated_test::isolated;

#[isolated(limit("tcp", 4), serial = "tcp")]
#[test]
fn adds() {}

fn main() {}
