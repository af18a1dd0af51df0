use isolated_test::isolated;

#[isolated(_ = port, self = tmpdir)]
#[test]
fn adds() {}

fn main() {}
