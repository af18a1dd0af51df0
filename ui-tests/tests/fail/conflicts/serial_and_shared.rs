use isolated_test::isolated;

#[isolated(serial = "tcp", shared = ["db", "tcp"])]
#[test]
fn adds() {}

fn main() {}
