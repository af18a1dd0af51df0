use isolated_test::isolated;

#[isolated(serial("tcp"), shared("db", "fs"))]
#[test]
fn adds() {}

fn main() {}
