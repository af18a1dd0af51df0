use isolated_test::isolated;

#[isolated(api = prot, site = tempdir)]
#[test]
fn adds() {}

fn main() {}
