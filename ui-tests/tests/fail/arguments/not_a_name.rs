use isolated_test::isolated;

#[isolated("tcp", 8080, port)]
#[test]
fn adds() {}

fn main() {}
