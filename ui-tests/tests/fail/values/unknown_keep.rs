use isolated_test::isolated;

#[isolated(a = tmpdir(keep = "sometimes"), b = tmpdir(keep), c = tmpdir(keep = always))]
#[test]
fn adds() {}

fn main() {}
