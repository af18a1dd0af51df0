use isolated_test::isolated;

#[isolated(tmpdir("site"))]
#[test]
fn adds() {}

fn main() {}
