use isolated_test::isolated;

#[isolated(port(8080))]
#[test]
fn adds() {}

fn main() {}
