use isolated_test::isolated;

#[isolated(limit("sockets", 0))]
#[test]
fn adds() {}

fn main() {}
