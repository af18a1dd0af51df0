use isolated_test::isolated;

#[isolated(a = port(count = 0), b = port(count = 65), c = port(count = "3"), d = port(count))]
#[test]
fn adds() {}

fn main() {}
