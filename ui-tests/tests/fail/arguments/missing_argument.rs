use isolated_test::isolated;

#[isolated(, port,, tmpdir)]
#[test]
fn adds() {}

fn main() {}
