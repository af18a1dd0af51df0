use isolated_test::isolated;

#[isolated(port)]
#[cfg_attr(all(), isolated(tmpdir))]
#[test]
fn adds() {}

fn main() {}
