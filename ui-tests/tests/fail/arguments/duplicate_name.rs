use isolated_test::isolated;

#[isolated(api = port, api = tmpdir)]
#[test]
fn adds() {}

fn main() {}
