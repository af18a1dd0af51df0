use isolated_test::isolated;

#[isolated(limit("sockets", 257))]
#[test]
fn adds() {}

fn main() {}
