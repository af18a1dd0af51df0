use isolated_test::isolated;

#[isolated(a = tmpdir(from), b = tmpdir(from = 3), c = tmpdir(from = ["a", ""]), d = tmpdir(from = []))]
#[test]
fn adds() {}

fn main() {}
