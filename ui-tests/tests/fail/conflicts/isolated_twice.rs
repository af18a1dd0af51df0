use isolated_test::isolated;

#[isolated(port)]
#[isolated(tmpdir)]
#[test]
fn adds() {}

fn main() {}
